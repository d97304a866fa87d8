/** Mails for the tests of the queue: small, and different only in what a test is about. */
import type { Mailbox } from '../../../core/mail/address.ts';
import { type Content, contentOf } from '../../../core/mail/content.ts';
import { directRecipient, type Envelope, NO_PARAMETERS } from '../../../core/mail/envelope.ts';
import { NO_FACTS } from '../../../core/mail/facts.ts';
import type { Mail } from '../../../core/mail/mail.ts';
import { parseMailbox } from '../../../core/mail/path.ts';
import type { Session } from '../../../core/mail/session.ts';
import type { TraceStep } from '../../../core/mail/trace.ts';
import type { NewMail } from '../../../core/plugin/queue-store.ts';

/** When the mails of the tests arrived. */
export const ARRIVAL = new Date('2030-01-01T12:00:00Z');

/** A moment, in milliseconds after the arrival. */
export function after(milliseconds: number): Date {
  return new Date(ARRIVAL.getTime() + milliseconds);
}

export function mailbox(address: string): Mailbox {
  const parsed = parseMailbox(address);
  if (parsed === null) throw new Error(`${address} is no mailbox`);
  return parsed;
}

export const SESSION: Session = {
  id: 'session-1',
  listener: 'inbound',
  protocol: 'smtp',
  client: { address: '192.0.2.1', port: 40_000, name: 'client.example' },
  greeting: { verb: 'EHLO', domain: 'client.example' },
  tls: null,
  user: null,
};

export const CONTENT: Content = contentOf('Subject: greetings\r\nFrom: ann@sender.example\r\n\r\nHello.\r\n');

export const STEP: TraceStep = {
  at: ARRIVAL.getTime(),
  hook: 'rcpt',
  plugin: 'relay-policy',
  mode: 'enforce',
  asked: 'rcpt bob@example.test',
  answer: 'accept',
  detail: null,
  took: 0.25,
  changes: [],
  facts: {},
};

export interface MailSketch extends Partial<Mail> {
  readonly from?: string | null;
  readonly to?: readonly string[];
}

/** A mail from ann@sender.example to bob@example.test, unless told otherwise. */
export function mailFor(id: string, sketch: MailSketch = {}): Mail {
  const { from = 'ann@sender.example', to = ['bob@example.test'], ...rest } = sketch;
  const envelope: Envelope = {
    reversePath: from === null ? null : mailbox(from),
    recipients: to.map(address => directRecipient(mailbox(address))),
    parameters: NO_PARAMETERS,
  };
  return { id, envelope, content: CONTENT, receivedAt: ARRIVAL, facts: NO_FACTS, session: SESSION, ...rest };
}

/** The same, to be delivered. */
export function newMail(id: string, sketch: MailSketch = {}): NewMail {
  return { mail: mailFor(id, sketch), trace: [STEP], fate: { kind: 'deliver' } };
}
