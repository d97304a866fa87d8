/** Answers of DNS that are damaged or made to hurt: none is read into something else, and none ends the gateway. */
import { type Answer, encode } from 'dns-packet';
import { expect, test } from 'vitest';
import { readReply } from '../../../core/system/dns-message.ts';
import * as fc from '../../support/fast-check.ts';

const QUESTION = { name: 'mail.test', type: 'MX' } as const;
const answers: Answer[] = [
  { type: 'CNAME', name: 'mail.test', ttl: 60, data: 'real.test' },
  { type: 'MX', name: 'real.test', ttl: 60, data: { preference: 10, exchange: 'mx.test' } },
  { type: 'TXT', name: 'real.test', ttl: 60, data: ['a', 'b'] },
  { type: 'TLSA', name: 'real.test', data: { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32) } },
  { type: 'A', name: 'real.test', ttl: 60, data: '192.0.2.1' },
];
const SOUND = encode({ type: 'response', id: 7, questions: [QUESTION], answers });

test('a sound answer is read', () => {
  expect(readReply(SOUND, 7, QUESTION)).toMatchObject({
    answer: { kind: 'found', records: [{ exchange: 'mx.test', preference: 10 }] },
    name: 'real.test',
    ttl: 60,
  });
});

test('a damaged answer is read or left, and never thrown at anybody', () => {
  const damage = fc.array(fc.tuple(fc.nat(SOUND.length - 1), fc.nat(255)), { maxLength: 8 });
  fc.assert(
    fc.property(damage, fc.nat(SOUND.length), (changes, length) => {
      const octets = Buffer.from(SOUND.subarray(0, length));
      for (const [at, value] of changes) if (at < octets.length) octets[at] = value;
      const reply = readReply(octets, 7, QUESTION);
      if (reply?.answer.kind === 'found') {
        for (const one of reply.answer.records) expect(one).toMatchObject({ exchange: expect.any(String) });
      }
    }),
    { numRuns: 5000 },
  );
});

test('any octets are read or left', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), octets => {
      readReply(Buffer.from(octets), 7, QUESTION);
    }),
  );
});
