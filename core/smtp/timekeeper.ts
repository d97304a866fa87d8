/**
 * Whose turn it is in one session, and for how long: when a client has been silent, slow, or here for too long
 * (RFC 5321 section 4.5.3.2).
 *
 * Only the client's time counts: while it waits for us, it may wait as long as it likes.
 */
import type { Limits } from '../mail/limits.ts';
import { IDLE, type Said, SESSION_TOO_LONG, TOO_SLOW } from './replies.ts';

/**
 * What the client may do now. `nothing`: it waits for us. `nobody`: it does not read what we say. `handshake`: of TLS.
 */
export type Turn = 'command' | 'content' | 'chunk' | 'nothing' | 'nobody' | 'handshake';

/** Content may begin slowly. In milliseconds. */
const RATE_GRACE = 30_000;
/** A handshake is a few packets. */
const LONGEST_HANDSHAKE = 60_000;

export class Timekeeper {
  readonly #limits: Limits;
  readonly #began: number;
  /** When it became the client's turn. */
  #turned: number;
  /** When something last came, as far as the looks tell. */
  #heard: number;
  #received = 0;
  /** Where the content that is coming began. */
  #content: { readonly at: number; readonly received: number } | null = null;

  constructor(limits: Limits, now: number) {
    this.#limits = limits;
    this.#began = now;
    this.#turned = now;
    this.#heard = now;
  }

  /** We have answered: it is the client's turn. */
  turn(now: number): void {
    this.#turned = now;
    this.#heard = now;
  }

  /** @param received octets in all. @returns why the session ends, or `null`. */
  look(now: number, turn: Turn, received: number): Said | null {
    if (received !== this.#received) this.#heard = now;
    this.#received = received;
    if (turn !== 'content' && turn !== 'chunk') this.#content = null;
    switch (turn) {
      case 'nothing':
        this.turn(now);
        return null;
      case 'handshake':
        return now - this.#turned > Math.min(LONGEST_HANDSHAKE, this.#limits.command) ? TOO_SLOW : null;
      case 'nobody':
        return now - this.#turned > this.#limits.idle ? IDLE : null;
      case 'command':
        return this.#late(now) ?? (now - this.#turned > this.#limits.command ? TOO_SLOW : null);
      case 'content':
      case 'chunk':
        return this.#late(now) ?? this.#slow(now);
    }
  }

  #late(now: number): Said | null {
    if (now - this.#began > this.#limits.session) return SESSION_TOO_LONG;
    return now - this.#heard > this.#limits.idle ? IDLE : null;
  }

  #slow(now: number): Said | null {
    this.#content ??= { at: now, received: this.#received };
    const { contentRate } = this.#limits;
    const elapsed = now - this.#content.at;
    if (contentRate === null || elapsed < RATE_GRACE) return null;
    const came = this.#received - this.#content.received;
    return came < (contentRate * elapsed) / 1000 ? TOO_SLOW : null;
  }
}
