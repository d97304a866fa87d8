/**
 * Our side of the dialogue without its socket: what each command is answered, and what is known of the client meanwhile.
 *
 * Commands come one at a time; each gives back its one reply. The rules of the protocol are decided here, policy by the
 * chain alone.
 */
import type { Refused } from '../chain/decision.ts';
import { directRecipient, type Recipient } from '../mail/envelope.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import { isPermanent, type PermanentReply, type Refusal } from '../mail/reply.ts';
import type { Greeting, Session, Tls } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { Credentials, HookName } from '../plugin/hooks.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import { findName } from './client-name.ts';
import { authUsable, extensionLines } from './extensions.ts';
import { handOver, takesMixed } from './hand-over.ts';
import { KnownSession } from './known-session.ts';
import { parseMail } from './mail-command.ts';
import { parseRcpt } from './rcpt-command.ts';
import { engineRefuses, refuse } from './refuse.ts';
import {
  AUTH_IN_TRANSACTION,
  AUTHENTICATE_FIRST,
  CANNOT_VERIFY,
  ENCRYPT_FIRST,
  GREET_FIRST,
  KNOWN_ALREADY,
  NESTED_MAIL,
  NO_ARGUMENT,
  NO_MAIL_YET,
  NO_RECIPIENTS,
  NOT_IMPLEMENTED,
  OTHER_GROUP,
  RECIPIENT_OK,
  type Said,
  SENDER_OK,
  syntax,
  TOO_LARGE,
  TOO_MANY_LOGINS,
  TOO_MANY_RECIPIENTS,
} from './replies.ts';
import type { Setting } from './setting.ts';
import { Transaction } from './transaction.ts';

/** The last of them ends the session. */
const MOST_FAILED_LOGINS = 5;
/** What may follow HELO. Machines call themselves all sorts of things: whether it is a domain is for plugins to say. */
const ANNOUNCED = /^[^\s\u0000-\u001f\u007f-\u009f\ufffd]{1,255}$/u;

/** What came of an AUTH. */
export type LoginResult =
  | { readonly kind: 'identified'; readonly user: string }
  | { readonly kind: 'refused'; readonly reply: Refusal };

/** Recipients that may join the transaction. */
interface Grouped {
  readonly kind: 'grouped';
  readonly recipients: readonly Recipient[];
  readonly group: string;
}

export class Conversation {
  readonly #setting: Setting;
  readonly #known: KnownSession;
  readonly #gone = new AbortController();
  /** Settles when the client's name is known or it has taken too long. */
  readonly #named: Promise<void>;
  #transaction: Transaction | null = null;
  #committing = false;
  #failedLogins = 0;

  constructor(setting: Setting, session: Session) {
    this.#setting = setting;
    this.#known = new KnownSession(session);
    this.#named = findName(setting.reception, session.client.address, name => this.#known.named(name));
  }

  get inTransaction(): boolean {
    return this.#transaction !== null;
  }

  /** Whether a mail is just being made durable: whoever ends the session waits for that. */
  get committing(): boolean {
    return this.#committing;
  }

  /** The client has gone: nothing more is committed for it. */
  leave(): void {
    this.#gone.abort('the client has gone');
  }

  /** TLS has been established by STARTTLS. */
  secured(tls: Tls): void {
    this.#known.secured(tls);
    this.#transaction = null;
  }

  reset(): void {
    this.#transaction = null;
  }

  /** The connection stands. @returns a refusal in place of the greeting, or `null`. */
  async connect(): Promise<Refusal | null> {
    const { session } = this.#known;
    const walked = await this.#setting.chain.connect(session);
    this.#known.connected(walked);
    if (walked.decision.kind === 'passed') return null;
    return this.#refuse('connect', walked.decision, { asked: session.client.address });
  }

  async hello(verb: Greeting['verb'], domain: string): Promise<Said> {
    if (!ANNOUNCED.test(domain)) return syntax(`${verb} hostname`);
    await this.#named;
    const { session, facts } = this.#known;
    const greeting = { verb, domain };
    const walked = await this.#setting.chain.helo(session, greeting, facts);
    const { decision, steps } = walked;
    if (decision.kind === 'refused') return this.#refuse('helo', decision, { asked: `${verb} ${domain}`, steps });
    this.#known.greeted(greeting, walked);
    this.#transaction = null;
    const { options } = this.#setting;
    const lines = verb === 'HELO' ? [] : extensionLines(options, this.#known.session, decision);
    return { code: 250, status: null, text: [options.hostname, ...lines] };
  }

  /** Whether AUTH makes sense now. */
  authRefusal(): PermanentReply | null {
    const { options } = this.#setting;
    const { session } = this.#known;
    if (options.auth === 'off') return NOT_IMPLEMENTED;
    if (session.greeting === null) return GREET_FIRST;
    if (session.user !== null) return KNOWN_ALREADY;
    if (this.#transaction !== null) return AUTH_IN_TRANSACTION;
    return authUsable(options, session) ? null : ENCRYPT_FIRST;
  }

  async authenticate(credentials: Credentials): Promise<LoginResult> {
    const { chain, log } = this.#setting;
    const { session, facts } = this.#known;
    const walked = await chain.auth(session, credentials, facts);
    const { decision, steps } = walked;
    const { mechanism, user } = credentials;
    if (decision.kind === 'refused') {
      const reply = this.#refuse('auth', decision, { asked: `${mechanism} ${user}`, steps });
      return { kind: 'refused', reply: this.#loginReply(reply) };
    }
    this.#known.identified(decision.user, walked);
    log.info('authenticated', { user: decision.user, by: decision.by, mechanism, client: session.client.address });
    return { kind: 'identified', user: decision.user };
  }

  async mail(argument: string): Promise<Said> {
    const barred = this.#barred();
    if (barred !== null) return barred;
    if (this.#transaction !== null) return NESTED_MAIL;
    const { options, chain } = this.#setting;
    const command = parseMail(argument, { maxSize: options.maxSize, auth: options.auth !== 'off' });
    if (command.kind === 'refused') {
      if (command.reply !== TOO_LARGE) return command.reply;
      return this.#refuse('mail', engineRefuses(TOO_LARGE, 'the announced size'), { asked: argument });
    }
    const { reversePath, parameters } = command;
    const { session, facts } = this.#known;
    const walked = await chain.mail(session, reversePath, parameters, facts);
    const { decision, steps } = walked;
    if (decision.kind === 'refused') return this.#refuse('mail', decision, { asked: formatPath(reversePath), steps });
    this.#transaction = new Transaction({ reversePath, parameters, facts: walked.facts, steps });
    return SENDER_OK;
  }

  async rcpt(argument: string): Promise<Said> {
    const barred = this.#barred();
    if (barred !== null) return barred;
    const transaction = this.#transaction;
    if (transaction === null) return NO_MAIL_YET;
    const { smtpUtf8 } = transaction.parameters;
    const { hostname, limits } = this.#setting.options;
    const command = parseRcpt(argument, { smtpUtf8, postmasterDomain: hostname });
    if (command.kind === 'refused') return command.reply;
    const recipient = directRecipient(command.forwardPath, command.dsn);
    if (transaction.has(recipient.forwardPath)) return RECIPIENT_OK;
    if (transaction.originals.length < limits.recipients) return this.#ask(transaction, recipient);
    const decision = engineRefuses(TOO_MANY_RECIPIENTS, `more than ${limits.recipients} recipients`);
    return this.#refuse('rcpt', decision, { asked: formatMailbox(recipient.forwardPath), recipient });
  }

  /** Whether content makes sense now. */
  dataRefusal(argument: string): PermanentReply | null {
    const barred = this.#barred();
    if (barred !== null) return barred;
    if (argument !== '') return NO_ARGUMENT;
    if (this.#transaction === null) return NO_MAIL_YET;
    return this.#transaction.envelope.recipients.length === 0 ? NO_RECIPIENTS : null;
  }

  /** Takes the content and ends the transaction. @returns `null` where the client left and nobody waits for a reply. */
  async content(stream: AsyncIterable<Buffer>): Promise<Said | null> {
    const transaction = this.#transaction;
    if (transaction === null) throw new Error('there is no transaction to take content for');
    const { session, steps } = this.#known;
    const commit = (mails: readonly NewMail[]) => this.#commit(mails);
    try {
      return await handOver(this.#setting, { session, steps, transaction, stream, gone: this.#gone.signal, commit });
    } finally {
      this.#transaction = null;
    }
  }

  /** VRFY and EXPN (RFC 5321 section 3.5). */
  async lookUp(hook: 'vrfy' | 'expn', argument: string): Promise<Said> {
    const { options, chain } = this.#setting;
    const { session } = this.#known;
    if (argument === '') return syntax(`${hook.toUpperCase()} string`);
    if (options.auth === 'required' && session.user === null) return AUTHENTICATE_FIRST;
    const query = argument.replace(/^<(.*)>$/, '$1');
    const { decision, steps } = await chain[hook](session, query);
    if (decision.kind === 'refused') return this.#refuse(hook, decision, { asked: query, steps });
    if (decision.kind === 'found' && decision.mailboxes.length > 0) {
      return { code: 250, status: '2.1.5', text: decision.mailboxes.map(formatPath) };
    }
    return hook === 'vrfy' ? CANNOT_VERIFY : NOT_IMPLEMENTED;
  }

  async #commit(mails: readonly NewMail[]): Promise<void> {
    this.#committing = true;
    try {
      await this.#setting.reception.commit(mails);
    } finally {
      this.#committing = false;
    }
  }

  async #ask(transaction: Transaction, recipient: Recipient): Promise<Said> {
    const { chain } = this.#setting;
    const { session } = this.#known;
    const original = recipient.forwardPath;
    const { decision, facts, steps } = await chain.rcpt(session, transaction.envelope, recipient, transaction.facts);
    const answer = decision.kind === 'refused' ? decision : this.#groupOf(transaction, decision.recipients);
    if (answer.kind === 'refused') {
      const reply = this.#refuse('rcpt', answer, { asked: formatMailbox(original), recipient, steps });
      transaction.refuse(steps);
      return reply;
    }
    transaction.accept({ original, recipients: answer.recipients, group: answer.group, facts, steps });
    return RECIPIENT_OK;
  }

  #groupOf(transaction: Transaction, recipients: readonly Recipient[]): Grouped | Refused {
    const { session } = this.#known;
    const group = this.#setting.chain.groupOf(session, transaction.reversePath, recipients);
    const isAlien = !takesMixed(this.#setting, session) && transaction.isOfOtherGroup(group);
    return isAlien
      ? engineRefuses(OTHER_GROUP, 'its content meets other plugins')
      : { kind: 'grouped', recipients, group };
  }

  /** What stands before any mail. */
  #barred(): PermanentReply | null {
    const { session } = this.#known;
    if (session.greeting === null) return GREET_FIRST;
    return this.#setting.options.auth === 'required' && session.user === null ? AUTHENTICATE_FIRST : null;
  }

  /** RFC 4954 section 6 has codes of its own for AUTH. */
  #loginReply(reply: Refusal): Refusal {
    if (!isPermanent(reply)) return reply.code === 421 ? reply : { code: 454, status: '4.7.0', text: reply.text };
    this.#failedLogins += 1;
    return this.#failedLogins < MOST_FAILED_LOGINS ? reply : TOO_MANY_LOGINS;
  }

  #refuse(
    hook: HookName,
    decision: Refused,
    about: { readonly asked: string; readonly steps?: Trace; readonly recipient?: Recipient },
  ): Refusal {
    const { session, steps: before } = this.#known;
    const trace = [...before, ...(this.#transaction?.steps ?? []), ...(about.steps ?? [])];
    return refuse(this.#setting, {
      session,
      hook,
      decision,
      asked: about.asked,
      recipient: about.recipient ?? null,
      trace,
    });
  }
}
