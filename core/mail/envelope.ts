/** The envelope: who sends, who receives, and what was asked about both (RFC 5321 section 2.3.1, RFC 3461). */
import type { ForwardPath, Mailbox, ReversePath } from './address.ts';
import { formatMailbox } from './path.ts';

/** When a notification is wanted (RFC 3461 section 4.1): never, or at these events. */
export type Notify = 'never' | readonly ('success' | 'failure' | 'delay')[];

/** What the client asked about notifications for one recipient. `null`: it did not say. */
export interface DsnRequest {
  readonly notify: Notify | null;
  /** ORCPT (RFC 3461 section 4.2): address type such as `rfc822`, as it was written, and the address decoded. */
  readonly originalRecipient: { readonly type: string; readonly address: string } | null;
}

/** Who delivers to a recipient in the place of the routes, where an alias says so: `|command`, `/file`. */
export interface Target {
  /** The id of a plugin that delivers here. */
  readonly transport: string;
  /** What it is told: a command, a path. Whether it may be done is decided by that plugin as well. */
  readonly argument: string;
}

/** A forward-path that we are responsible for. */
export interface Recipient {
  /** Where the mail goes. */
  readonly forwardPath: ForwardPath;
  /** What the client's RCPT said: all that a notification may show, so that aliases are not revealed. */
  readonly original: ForwardPath;
  /** How `original` became `forwardPath`: one entry for each step, for example `staff (aliases:3)`. Empty: directly. */
  readonly via: readonly string[];
  readonly dsn: DsnRequest;
  /** Missing: the routes decide. */
  readonly target?: Target;
  /**
   * Who hears of failures in the place of the sender: the owner of a list. Its mail leaves with this reverse-path. Missing
   * once the mail is committed: then it is the reverse-path of the envelope.
   */
  readonly owner?: Mailbox;
}

/** The parameters of MAIL that concern the whole mail. */
export interface MailParameters {
  /** BODY (RFC 6152, RFC 3030 section 3). `binarymime` at the hook `mail` alone: content that is taken has lines. */
  readonly body: '7bit' | '8bitmime' | 'binarymime';
  /** SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8: boolean;
  /** SIZE in octets as announced (RFC 1870), or `null`. */
  readonly announcedSize: number | null;
  /** RET (RFC 3461 section 4.3): how much a failure notification returns, or `null`. */
  readonly returnContent: 'full' | 'headers' | null;
  /** ENVID (RFC 3461 section 4.4) decoded from xtext, or `null`. */
  readonly envelopeId: string | null;
  /** REQUIRETLS (RFC 8689): every hop must be encrypted and verified, or the mail comes back. */
  readonly requireTls: boolean;
  /** MT-PRIORITY (RFC 6710), from -9 to 9, higher first. As granted, which may be less than what was asked for. */
  readonly priority: number;
}

/** An envelope. `recipients` keeps the order of the RCPT commands. */
export interface Envelope {
  readonly reversePath: ReversePath;
  readonly recipients: readonly Recipient[];
  readonly parameters: MailParameters;
}

/** What holds when MAIL has no parameters. */
export const NO_PARAMETERS: MailParameters = {
  body: '7bit',
  smtpUtf8: false,
  announcedSize: null,
  returnContent: null,
  envelopeId: null,
  requireTls: false,
  priority: 0,
};

/** What holds when RCPT has no parameters. */
export const NO_DSN_REQUEST: DsnRequest = { notify: null, originalRecipient: null };

/** A recipient that RCPT named and nothing has changed. */
export function directRecipient(forwardPath: ForwardPath, dsn: DsnRequest = NO_DSN_REQUEST): Recipient {
  return { forwardPath, original: forwardPath, via: [], dsn };
}

/** The same without an owner, once the mail has the right reverse-path. */
export function withoutOwner(recipient: Recipient): Recipient {
  const { owner: _owner, ...others } = recipient;
  return others;
}

/** What makes a recipient the same as another one. */
export function recipientKey({ forwardPath, target }: Pick<Recipient, 'forwardPath' | 'target'>): string {
  const address = formatMailbox(forwardPath);
  return target === undefined ? address : `${address} ${target.transport} ${target.argument}`;
}

/** The same without the wish to hear of success: NEVER where nothing else was wished for. */
export function withoutSuccess(request: DsnRequest): DsnRequest {
  const { notify, ...others } = request;
  if (notify === null || notify === 'never') return request;
  const left = notify.filter(event => event !== 'success');
  return { notify: left.length === 0 ? 'never' : left, ...others };
}
