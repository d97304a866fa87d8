/** Sessions, envelopes and mails for tests: what a test does not care about has a value all the same. */
import type { Mailbox, ReversePath } from '../mail/address.ts';
import { type Content, contentOf } from '../mail/content.ts';
import {
  directRecipient,
  type Envelope,
  type MailParameters,
  NO_PARAMETERS,
  type Recipient,
} from '../mail/envelope.ts';
import { type Facts, NO_FACTS } from '../mail/facts.ts';
import { parseHost } from '../mail/host.ts';
import type { Mail } from '../mail/mail.ts';
import { formatMailbox, parseMailbox } from '../mail/path.ts';
import type { Host } from '../mail/route.ts';
import type { Session } from '../mail/session.ts';
import type { Delivery } from '../plugin/hooks.ts';

/** Octets as a test writes them. In text, every line end becomes CRLF; octets and content stay as they are. */
export type ContentText = string | Buffer | Content;

/** A recipient as a test writes it: an address, or one made with `aRecipient`. */
export type RecipientText = string | Recipient;

/** What a mail is made of. */
export interface MailParts {
  /** `<ann@example.test>`, with or without the brackets; `<>` is the null reverse-path. */
  readonly from?: string;
  readonly to?: RecipientText | readonly RecipientText[];
  readonly content?: ContentText;
  readonly id?: string;
  readonly receivedAt?: Date;
  readonly facts?: Facts;
  readonly session?: Partial<Session>;
  readonly parameters?: Partial<MailParameters>;
}

/** What a delivery is made of. */
export interface DeliveryParts extends MailParts {
  /** As in the configuration: `mx.example.test:25`, `[192.0.2.1]:25`. */
  readonly hosts?: readonly (string | Host)[];
  readonly attempt?: number;
}

const CLIENT = { address: '192.0.2.1', port: 49_152, name: null };
const CONTENT = 'From: ann@example.test\nTo: bob@example.test\nSubject: Hello\n\nHello, Bob.\n';

/** A mailbox. @throws RangeError where the text is none. */
export function aMailbox(text: string): Mailbox {
  const mailbox = parseMailbox(text.replace(/^<(.*)>$/s, '$1'));
  if (mailbox === null) throw new RangeError(`not a mailbox: ${text}`);
  return mailbox;
}

/** A reverse-path; `null` for `<>`. @throws RangeError where the text is none. */
export function aReversePath(text: string): ReversePath {
  return text === '<>' || text === '' ? null : aMailbox(text);
}

/** A session of a client that has said EHLO and nothing else. */
export function aSession(changes: Partial<Session> = {}): Session {
  return {
    id: 'session-1',
    listener: 'inbound',
    protocol: 'smtp',
    client: CLIENT,
    greeting: { verb: 'EHLO', domain: 'client.test' },
    tls: null,
    user: null,
    forwarded: null,
    ...changes,
  };
}

/** A recipient, as RCPT named it or with what happened to it since. */
export function aRecipient(address: string, changes: Partial<Recipient> = {}): Recipient {
  return { ...directRecipient(aMailbox(address)), ...changes };
}

/** An envelope: `anEnvelope('<ann@example.test>', ['bob@example.test'])`. */
export function anEnvelope(
  from: string,
  to: readonly RecipientText[],
  parameters: Partial<MailParameters> = {},
): Envelope {
  return {
    reversePath: aReversePath(from),
    recipients: to.map(one => (typeof one === 'string' ? aRecipient(one) : one)),
    parameters: { ...NO_PARAMETERS, ...parameters },
  };
}

/** Content out of text. */
export function aContent(text: ContentText): Content {
  if (typeof text === 'string') return contentOf(text.replace(/\r?\n/g, '\r\n'));
  return Buffer.isBuffer(text) ? contentOf(text) : text;
}

/** A mail from ann@example.test to bob@example.test, but for what the test says. */
export function aMail(parts: MailParts = {}): Mail {
  const { from = '<ann@example.test>', to = 'bob@example.test', content = CONTENT } = parts;
  return {
    id: parts.id ?? 'mail-1',
    envelope: anEnvelope(from, listOf(to), parts.parameters),
    content: aContent(content),
    receivedAt: parts.receivedAt ?? new Date('2030-01-01T12:00:00Z'),
    facts: parts.facts ?? NO_FACTS,
    session: aSession(parts.session),
  };
}

/** The first attempt to deliver a mail to all of its recipients, but for what the test says. */
export function aDelivery({ hosts = [], attempt = 1, ...parts }: DeliveryParts = {}): Delivery {
  const mail = aMail(parts);
  return { mail, recipients: mail.envelope.recipients, hosts: hosts.map(aHost), attempt };
}

/** A host. @throws RangeError where the text is none. */
export function aHost(written: string | Host): Host {
  if (typeof written !== 'string') return written;
  const found = parseHost(written);
  if (found.kind === 'malformed') throw new RangeError(`not a host: ${written}: ${found.reason}`);
  return found.host;
}

/** Octets as text, to be compared: line ends become `\n`. */
export async function textOf(content: Content): Promise<string> {
  return (await content.bytes()).toString('utf8').replaceAll('\r\n', '\n');
}

/** Values by recipient as values by address: the outcomes of a report, `{ 'bob@example.test': { kind: 'delivered', ... } }`. */
export function byAddress<T>(values: ReadonlyMap<Recipient, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...values].map(([{ forwardPath }, value]) => [formatMailbox(forwardPath), value]));
}

function listOf(to: RecipientText | readonly RecipientText[]): readonly RecipientText[] {
  return typeof to === 'string' || 'forwardPath' in to ? [to] : to;
}
