/**
 * AUTH (RFC 4954): smtp-server takes the exchange apart, the chain decides, and the replies are ours.
 *
 * Passwords go from the exchange to the chain and nowhere else.
 */
import sasl from 'smtp-server/lib/sasl.js';
import type { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import { describeError, LOCAL_ERROR } from '../mail/failure.ts';
import type { Credentials } from '../plugin/hooks.ts';
import type { Log } from '../plugin/ports.ts';
import type { Conversation } from './conversation.ts';
import { LOGGED_IN, type Said, UNKNOWN_MECHANISM, WRONG_CREDENTIALS } from './replies.ts';

/** What smtp-server does with one line of an exchange. */
export type LoginStep = (this: SMTPConnection, line: Buffer, done: () => void) => void;

const NO_LINE = Buffer.alloc(0);

export class Login {
  readonly #connection: SMTPConnection;
  readonly #conversation: Conversation;
  readonly #log: Log;
  /** What the next reply of smtp-server is to be: it knows no enhanced status. */
  #reply: Said | null = null;

  constructor(connection: SMTPConnection, conversation: Conversation, log: Log) {
    this.#connection = connection;
    this.#conversation = conversation;
    this.#log = log;
  }

  /** @returns a refusal, or `null` once smtp-server has answered. */
  async begin(argument: string): Promise<Said | null> {
    const refusal = this.#conversation.authRefusal();
    if (refusal !== null) return refusal;
    const [mechanism = '', ...initial] = argument.split(/\s+/);
    switch (mechanism.toUpperCase()) {
      case 'PLAIN':
        return this.goOn((_, done) => sasl.SASL_PLAIN.call(this.#connection, initial, done), NO_LINE);
      case 'LOGIN':
        return this.goOn((_, done) => sasl.SASL_LOGIN.call(this.#connection, initial, done), NO_LINE);
      default:
        return UNKNOWN_MECHANISM;
    }
  }

  /** One line of the exchange. Resolves when smtp-server has answered it. */
  async goOn(step: LoginStep, line: Buffer): Promise<null> {
    await new Promise<void>(done => {
      step.call(this.#connection, line, done);
    });
    return null;
  }

  /** The exchange is complete. `done` hears the user, or `null` where there is none. */
  async decide(credentials: Credentials, done: (user: string | null) => void): Promise<void> {
    try {
      const result = await this.#conversation.authenticate(credentials);
      if (result.kind === 'identified') return done(result.user);
      this.#reply = result.reply;
    } catch (error) {
      this.#log.error('failed', { during: 'AUTH', cause: describeError(error) });
      this.#reply = LOCAL_ERROR;
    }
    done(null);
  }

  /** Our reply for one that smtp-server gives during an exchange. */
  replyFor(code: number, text: string): Said {
    const decided = this.#reply;
    this.#reply = null;
    if (decided !== null) return decided;
    switch (code) {
      case 235:
        return LOGGED_IN;
      case 334:
        return { code, status: null, text };
      case 535:
        return WRONG_CREDENTIALS;
      default:
        // RFC 4954 section 4: what cannot be decoded, and what the client breaks off.
        return { code, status: '5.5.2', text: text.replace(/^Error: /, '') };
    }
  }
}
