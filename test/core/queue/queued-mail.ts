/** Mails for the tests of the queue: small, and different only in what a test is about. */
import { contentOf } from '../../../core/mail/content.ts';
import type { Mail } from '../../../core/mail/mail.ts';
import type { TraceStep } from '../../../core/mail/trace.ts';
import type { Order } from '../../../core/plugin/queue-control.ts';
import type { NewMail } from '../../../core/plugin/queue-store.ts';
import { aMail, type MailParts } from '../../../core/testing/builders.ts';

/** When the mails of the tests arrived, and where a `ManualClock` starts. */
export const ARRIVAL = new Date('2030-01-01T12:00:00Z');

/** A moment, in milliseconds after the arrival. */
export function after(milliseconds: number): Date {
  return new Date(ARRIVAL.getTime() + milliseconds);
}

/** An order that somebody gives, so many milliseconds after the arrival. */
export function order(milliseconds = 0): Order {
  return { by: 'eve', reason: 'looks odd', now: after(milliseconds) };
}

const CONTENT = contentOf('Subject: greetings\r\nFrom: ann@sender.example\r\n\r\nHello.\r\n');

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

/** A mail from ann@sender.example to bob@example.test, unless told otherwise. All share one content. */
export function mailFor(id: string, parts: MailParts = {}): Mail {
  return aMail({ id, from: '<ann@sender.example>', content: CONTENT, receivedAt: ARRIVAL, ...parts });
}

/** The same, to be delivered. */
export function newMail(id: string, parts: MailParts = {}): NewMail {
  return { mail: mailFor(id, parts), trace: [STEP], fate: { kind: 'deliver' } };
}
