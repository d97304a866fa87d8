/** AUTH (RFC 4954): PLAIN and LOGIN. Passwords go from the exchange to the chain and nowhere else. */
import type { Conversation } from './conversation.ts';
import { LOGGED_IN, type Said, UNKNOWN_MECHANISM, WRONG_CREDENTIALS } from './replies.ts';

type Step = (answer: string) => Promise<Said>;

const BAD_BASE64: Said = { code: 501, status: '5.5.2', text: 'Invalid base64' };
const CANCELLED: Said = { code: 501, status: '5.7.0', text: 'Authentication aborted' };

export class Login {
  readonly #conversation: Conversation;
  #next: Step | null = null;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** Whether the next line belongs to an exchange. */
  get waiting(): boolean {
    return this.#next !== null;
  }

  async begin(argument: string): Promise<Said> {
    const refusal = this.#conversation.authRefusal();
    if (refusal !== null) return refusal;
    const [mechanism = '', initial] = argument.split(/\s+/);
    switch (mechanism.toUpperCase()) {
      case 'PLAIN':
        return initial === undefined
          ? this.#ask('', answer => this.#plain(answer))
          : this.#decoded(initial, answer => this.#plain(answer));
      case 'LOGIN': {
        const password = (user: string) => this.#ask('Password:', secret => this.#decide('LOGIN', user, secret));
        return initial === undefined
          ? this.#ask('Username:', async user => password(user))
          : this.#decoded(initial, async user => password(user));
      }
      default:
        return UNKNOWN_MECHANISM;
    }
  }

  async goOn(line: Buffer): Promise<Said> {
    const next = this.#next;
    this.#next = null;
    const text = line.toString('latin1');
    if (next === null || text === '*') return CANCELLED;
    return this.#decoded(text, next);
  }

  #ask(challenge: string, next: Step): Said {
    this.#next = next;
    return { code: 334, status: null, text: Buffer.from(challenge).toString('base64') };
  }

  async #decoded(text: string, next: Step): Promise<Said> {
    if (text !== '=' && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text))
      return BAD_BASE64;
    return next(text === '=' ? '' : Buffer.from(text, 'base64').toString('utf8'));
  }

  async #plain(answer: string): Promise<Said> {
    const [authzid = '', user = '', password] = answer.split('\0');
    if (password === undefined || user === '') return BAD_BASE64;
    return authzid === '' || authzid === user ? this.#decide('PLAIN', user, password) : WRONG_CREDENTIALS;
  }

  async #decide(mechanism: 'PLAIN' | 'LOGIN', user: string, password: string): Promise<Said> {
    const result = await this.#conversation.authenticate({ mechanism, user, password });
    return result.kind === 'identified' ? LOGGED_IN : result.reply;
  }
}
