/**
 * How much of a client's talk is borne that brings no mail along (RFC 5321 sections 4.2.4 and 7.8).
 *
 * An accepted mail begins the count anew, so that a client with many mails and some stale addresses is never sent away.
 */
import type { Limits } from '../mail/limits.ts';
import type { Said } from './replies.ts';
import { TOO_MANY_COMMANDS, TOO_MANY_ERRORS } from './replies.ts';

/** Commands that change nothing that a mail needs. */
const IDLE_TALK = new Set(['NOOP', 'RSET', 'HELP', 'VRFY', 'EXPN', 'HELO', 'EHLO', 'LHLO', 'AUTH', 'STARTTLS']);

export class Patience {
  readonly #limits: Limits;
  #commands = 0;
  #errors = 0;
  #unknown = 0;
  /** 452 is how an honest client is told to go on elsewhere: some are borne, and more are errors. */
  #overshoot = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** A mail was accepted. */
  renew(): void {
    this.#commands = this.#errors = this.#unknown = this.#overshoot = 0;
  }

  /** Looks at what a command was answered. @returns what to say beside it where it was one too many, or `null`. */
  after(verb: string, reply: Said | null): Said | null {
    if (IDLE_TALK.has(verb)) this.#commands += 1;
    if (reply !== null && reply.code >= 400 && !this.#bears(reply)) this.#errors += 1;
    if (this.#commands > this.#limits.commands) return TOO_MANY_COMMANDS;
    return this.#errors >= this.#limits.errors ? TOO_MANY_ERRORS : null;
  }

  /** As many as there may be recipients: who names twice as many is no attacker, and what it has sent is not lost. */
  #bears({ code }: Said): boolean {
    if (code !== 452) return false;
    this.#overshoot += 1;
    return this.#overshoot <= this.#limits.recipients;
  }

  /** A command that nobody knows. @returns whether it was one too many. */
  unknown(): boolean {
    this.#unknown += 1;
    return this.#unknown >= this.#limits.unknownCommands;
  }
}
