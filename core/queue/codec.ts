/**
 * How the values of a mail are written down: JSON with a version, read back field by field.
 *
 * Guarantee: what was encoded decodes to an equal value; anything else throws, so that a damaged row is noticed before
 * its mail is worked on. A new version decodes the old ones.
 */
import type { Mailbox } from '../mail/address.ts';
import type { DsnRequest, Envelope, MailParameters, Recipient, Target } from '../mail/envelope.ts';
import type { Facts, FactValue } from '../mail/facts.ts';
import type { Mail } from '../mail/mail.ts';
import type { Bounced, Deferred, Delivered, Outcome } from '../mail/outcome.ts';
import type { PermanentReply, TransientReply } from '../mail/reply.ts';
import type { Client, ClientCertificate, Forwarded, Greeting, Session, Tls } from '../mail/session.ts';
import type { Change, Trace, TraceStep } from '../mail/trace.ts';
import type { Order, Reason, Suspension } from '../plugin/queue-control.ts';
import {
  either,
  fields,
  flag,
  list,
  nullable,
  number,
  oneOf,
  type Reader,
  record,
  since,
  text,
  Unreadable,
} from './shape.ts';

const VERSION = 1;

/** A mail without its id, content and time, which have columns of their own. */
export type MailRecord = Pick<Mail, 'envelope' | 'session' | 'facts'>;

export function encodeMail({ envelope, session, facts }: Mail): string {
  return encode({ envelope, session, facts });
}

export function encodeOutcome(outcome: Outcome): string {
  return encode(outcome);
}

export function encodeReply(reply: PermanentReply): string {
  return encode(reply);
}

export function encodeHold({ by, reason }: Reason): string {
  return encode({ by, reason });
}

export function encodeSuspension({ by, reason, now }: Order): string {
  return encode({ by, reason, since: now.getTime() });
}

export function encodeTrace(steps: Trace): string {
  return encode({ steps });
}

/** @throws Unreadable, as all decoders do. */
export function decodeMail(stored: string): MailRecord {
  return decode(stored, mail);
}

export function decodeOutcome(stored: string): Outcome {
  return decode(stored, outcome);
}

export function decodeReply(stored: string): PermanentReply {
  return decode(stored, permanentReply);
}

export function decodeHold(stored: string): Reason {
  return decode(stored, hold);
}

export function decodeSuspension(stored: string): Omit<Suspension, 'destination'> {
  const { by, reason, since } = decode(stored, suspension);
  return { by, reason, since: new Date(since) };
}

export function decodeTrace(stored: string): Trace {
  return decode(stored, trace).steps;
}

function encode(value: object): string {
  return JSON.stringify({ v: VERSION, ...value });
}

function decode<T>(stored: string, read: Reader<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(stored);
  } catch {
    throw new Unreadable('', 'JSON');
  }
  const { v } = record(value, '');
  if (v !== VERSION) throw new Unreadable('v', `the version ${VERSION}`);
  return read(value, '');
}

const mailbox = fields<Mailbox>({ localPart: text, domain: text });

const plainRecipient = fields<Omit<Recipient, 'target' | 'owner'>>({
  forwardPath: mailbox,
  original: mailbox,
  via: list(text),
  dsn: fields<DsnRequest>({
    notify: nullable(either(oneOf('never'), list(oneOf('success', 'failure', 'delay')))),
    originalRecipient: nullable(fields<{ type: string; address: string }>({ type: text, address: text })),
  }),
});

const target = fields<Target>({ transport: text, argument: text });

const recipient: Reader<Recipient> = (value, place) => {
  const found = record(value, place).target;
  const read = plainRecipient(value, place);
  return found === undefined ? read : { ...read, target: target(found, `${place}.target`) };
};

const envelope = fields<Envelope>({
  reversePath: nullable(mailbox),
  recipients: list(recipient),
  parameters: fields<MailParameters>({
    body: oneOf('7bit', '8bitmime', 'binarymime'),
    smtpUtf8: flag,
    announcedSize: nullable(number),
    returnContent: nullable(oneOf('full', 'headers')),
    envelopeId: nullable(text),
    requireTls: since(flag, false),
    priority: since(number, 0),
  }),
});

const certificate = fields<ClientCertificate>({ commonName: text, names: list(text), fingerprint: text });
const forwarded = fields<Forwarded>({
  name: nullable(text),
  address: nullable(text),
  port: nullable(number),
  protocol: nullable(text),
  helo: nullable(text),
  ident: nullable(text),
  source: nullable(oneOf('local', 'remote')),
});

const session = fields<Session>({
  id: text,
  listener: text,
  protocol: oneOf('smtp', 'lmtp'),
  client: fields<Client>({ address: text, port: number, name: nullable(text) }),
  greeting: nullable(fields<Greeting>({ verb: oneOf('HELO', 'EHLO', 'LHLO'), domain: text })),
  tls: nullable(
    fields<Tls>({
      version: text,
      cipher: text,
      servername: nullable(text),
      certificate: since(nullable(certificate), null),
    }),
  ),
  user: nullable(text),
  forwarded: since(nullable(forwarded), null),
});

const factValue: Reader<FactValue> = either(text, either(number, either(flag, list(text))));

/** A number that is none (NaN) comes back from JSON as `null`: nothing is known. */
const facts: Reader<Facts> = (value, place) =>
  Object.fromEntries(
    Object.entries(record(value, place))
      .filter(([, fact]) => fact !== null)
      .map(([name, fact]) => [name, factValue(fact, `${place}.${name}`)]),
  );

const mail = fields<MailRecord>({ envelope, session, facts });
const hold = fields<Reason>({ by: text, reason: text });
const suspension = fields<{ by: string; reason: string; since: number }>({ by: text, reason: text, since: number });

function reply(className: '4' | '5'): Reader<{ code: number; status: string; text: string }> {
  const read = fields<{ code: number; status: string; text: string }>({ code: number, status: text, text });
  return (value, place) => {
    const found = read(value, place);
    if (!String(found.code).startsWith(className) || !found.status.startsWith(`${className}.`)) {
      throw new Unreadable(place, `a reply of class ${className}`);
    }
    return found;
  };
}

const permanentReply = reply('5') as Reader<PermanentReply>;
const transientReply = reply('4') as Reader<TransientReply>;
const said = { remote: nullable(text), diagnostic: nullable(text) };

const delivered = fields<Delivered>({
  kind: oneOf('delivered'),
  disposition: oneOf('final', 'relayed', 'passed-on'),
  remote: nullable(text),
  text,
});
const deferred = fields<Deferred>({
  kind: oneOf('deferred'),
  reply: transientReply,
  ...said,
  concerns: since(oneOf('recipient', 'destination'), 'recipient'),
});
const bounced = fields<Bounced>({ kind: oneOf('bounced'), reply: permanentReply, ...said });

const outcome: Reader<Outcome> = (value, place) => {
  const kind = oneOf('delivered', 'deferred', 'bounced')(record(value, place).kind, `${place}.kind`);
  const readers = { delivered, deferred, bounced } as const;
  return readers[kind](value, place);
};

const trace = fields<{ steps: Trace }>({
  steps: list(
    fields<TraceStep>({
      at: number,
      hook: text,
      plugin: text,
      mode: oneOf('enforce', 'shadow'),
      asked: text,
      answer: text,
      detail: nullable(text),
      took: number,
      changes: list(fields<Change>({ what: text, breaks: list(text) })),
      facts,
    }),
  ),
});
