/** What is written down comes back equal, and what is not whole is noticed. */

import { describe, expect, test } from 'vitest';
import type { Envelope } from '../../../core/mail/envelope.ts';
import type { Outcome } from '../../../core/mail/outcome.ts';
import type { Session } from '../../../core/mail/session.ts';
import type { TraceStep } from '../../../core/mail/trace.ts';
import {
  decodeHold,
  decodeMail,
  decodeOutcome,
  decodeReply,
  decodeTrace,
  encodeHold,
  encodeMail,
  encodeOutcome,
  encodeReply,
  encodeTrace,
} from '../../../core/queue/codec.ts';
import { Unreadable } from '../../../core/queue/shape.ts';
import * as fc from '../../support/fast-check.ts';
import { mailFor, STEP } from './queued-mail.ts';

const anyText = fc.string({ unit: 'binary' });
const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const mailbox = fc.record({ localPart: anyText, domain: anyText });
const fact = fc.oneof(
  anyText,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(nonNegativeZero),
  fc.boolean(),
  fc.array(anyText),
);
const facts = fc.dictionary(fc.stringMatching(/^[a-z-]{1,8}$/), fact, { noNullPrototype: true });

const envelope: fc.Arbitrary<Envelope> = fc.record({
  reversePath: orNull(mailbox),
  recipients: fc.array(
    fc.record({
      forwardPath: mailbox,
      original: mailbox,
      via: fc.array(anyText),
      dsn: fc.record({
        notify: orNull(
          fc.oneof(
            fc.constant('never' as const),
            fc.array(fc.constantFrom('success' as const, 'failure' as const, 'delay' as const)),
          ),
        ),
        originalRecipient: orNull(fc.record({ type: anyText, address: anyText })),
      }),
    }),
  ),
  parameters: fc.record({
    body: fc.constantFrom('7bit' as const, '8bitmime' as const, 'binarymime' as const),
    smtpUtf8: fc.boolean(),
    announcedSize: orNull(fc.nat()),
    returnContent: orNull(fc.constantFrom('full' as const, 'headers' as const)),
    envelopeId: orNull(anyText),
    requireTls: fc.boolean(),
    priority: fc.integer({ min: -9, max: 9 }),
  }),
});

const session: fc.Arbitrary<Session> = fc.record({
  id: anyText,
  listener: anyText,
  protocol: fc.constantFrom('smtp' as const, 'lmtp' as const),
  client: fc.record({ address: anyText, port: fc.nat(), name: orNull(anyText) }),
  greeting: orNull(
    fc.record({ verb: fc.constantFrom('HELO' as const, 'EHLO' as const, 'LHLO' as const), domain: anyText }),
  ),
  tls: orNull(
    fc.record({
      version: anyText,
      cipher: anyText,
      servername: orNull(anyText),
      certificate: orNull(fc.record({ commonName: anyText, names: fc.array(anyText), fingerprint: anyText })),
    }),
  ),
  user: orNull(anyText),
  forwarded: orNull(
    fc.record({
      name: orNull(anyText),
      address: orNull(anyText),
      port: orNull(fc.nat()),
      protocol: orNull(anyText),
      helo: orNull(anyText),
      ident: orNull(anyText),
      source: orNull(fc.constantFrom('local' as const, 'remote' as const)),
    }),
  ),
});

const said = { remote: orNull(anyText), diagnostic: orNull(anyText) };
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constant('delivered' as const),
    disposition: fc.constantFrom('final' as const, 'relayed' as const, 'passed-on' as const),
    remote: orNull(anyText),
    text: anyText,
  }),
  fc.record({
    kind: fc.constant('deferred' as const),
    reply: fc.record({
      code: fc.constantFrom(421 as const, 451 as const),
      status: fc.constant('4.3.2' as const),
      text: anyText,
    }),
    concerns: fc.constantFrom('recipient' as const, 'destination' as const),
    ...said,
  }),
  fc.record({
    kind: fc.constant('bounced' as const),
    reply: fc.record({
      code: fc.constantFrom(550 as const, 554 as const),
      status: fc.constant('5.1.1' as const),
      text: anyText,
    }),
    ...said,
  }),
);

const step: fc.Arbitrary<TraceStep> = fc.record({
  at: fc.nat(),
  hook: anyText,
  plugin: anyText,
  mode: fc.constantFrom('enforce' as const, 'shadow' as const),
  asked: anyText,
  answer: anyText,
  detail: orNull(anyText),
  took: fc.nat(),
  changes: fc.array(fc.record({ what: anyText, breaks: fc.array(anyText) })),
  facts,
});

describe('what was encoded decodes to an equal value', () => {
  test('mails', () => {
    fc.assert(
      fc.property(envelope, session, facts, (envelope, session, facts) => {
        const mail = { ...mailFor('A'), envelope, session, facts };
        expect(decodeMail(encodeMail(mail))).toEqual({ envelope, session, facts });
      }),
    );
  });

  test('outcomes', () => {
    fc.assert(
      fc.property(outcome, one => {
        expect(decodeOutcome(encodeOutcome(one))).toEqual(one);
      }),
    );
  });

  test('traces', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 5 }), steps => {
        expect(decodeTrace(encodeTrace(steps))).toEqual(steps);
      }),
    );
  });

  test('replies and holds', () => {
    const reply = { code: 550, status: '5.7.1', text: 'No' } as const;
    expect(decodeReply(encodeReply(reply))).toEqual(reply);
    expect(decodeHold(encodeHold({ by: 'eve', reason: 'odd' }))).toEqual({ by: 'eve', reason: 'odd' });
  });
});

test('a fact that is no number any more is not known', () => {
  const mail = mailFor('A', { facts: { score: Number.NaN, seen: true } });
  expect(decodeMail(encodeMail(mail)).facts).toEqual({ seen: true });
});

describe('what is not whole throws', () => {
  const whole = JSON.parse(encodeMail(mailFor('A'))) as Record<string, unknown>;
  test.for([
    { name: 'no JSON', stored: '{"v":1', want: 'the value is not JSON' },
    { name: 'no object', stored: '[]', want: 'the value is not an object' },
    { name: 'another version', stored: JSON.stringify({ ...whole, v: 2 }), want: 'v is not the version 1' },
    {
      name: 'a field that is missing',
      stored: JSON.stringify({ ...whole, session: undefined }),
      want: 'session is not an object',
    },
    {
      name: 'a field of another kind',
      stored: JSON.stringify({ ...whole, facts: { x: {} } }),
      want: 'facts.x is not a list',
    },
    {
      name: 'a place deep inside',
      stored: JSON.stringify(whole).replace('"localPart":"bob"', '"localPart":7'),
      want: 'envelope.recipients[0].forwardPath.localPart is not text',
    },
  ])('$name', ({ stored, want }) => {
    expect(() => decodeMail(stored)).toThrow(want);
  });

  test('a reply of the wrong class', () => {
    expect(() => decodeReply(JSON.stringify({ v: 1, code: 450, status: '4.1.1', text: '' }))).toThrow(Unreadable);
  });

  test('every step of the trace counts', () => {
    const steps = [STEP, { ...STEP, took: 'long' }];
    expect(() => decodeTrace(JSON.stringify({ v: 1, steps }))).toThrow('steps[1].took is not a number');
  });
});

/** JSON has one zero. */
function nonNegativeZero(value: number): number {
  return value === 0 ? 0 : value;
}
