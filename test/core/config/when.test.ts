/** `when:` as people write it, and the condition that it means. */
import { describe, expect, test } from 'vitest';
import { conditionSchema } from '../../../core/config/when.ts';
import type { Condition } from '../../../core/mail/condition.ts';
import { validate } from '../../../core/plugin/validate.ts';

const MIB = 1024 ** 2;

describe('conditions', () => {
  test.each<{ written: unknown; want: Condition }>([
    { written: { listener: 'inbound' }, want: { kind: 'listener', ids: ['inbound'] } },
    { written: { listener: ['a', 'b'] }, want: { kind: 'listener', ids: ['a', 'b'] } },
    { written: { client: '192.0.2.0/24' }, want: { kind: 'client', ranges: ['192.0.2.0/24'] } },
    { written: { tls: false }, want: { kind: 'tls', is: false } },
    { written: { authenticated: true }, want: { kind: 'authenticated', is: true } },
    { written: { sender: '<>' }, want: { kind: 'sender', patterns: [{ kind: 'null' }] } },
    {
      written: { recipient: ['ann@example.test', '@.example.test'] },
      want: {
        kind: 'recipient',
        patterns: [
          { kind: 'mailbox', mailbox: { localPart: 'ann', domain: 'example.test' } },
          { kind: 'domain', domain: 'example.test', subdomains: true },
        ],
      },
    },
    {
      written: { header: { 'X-Spam': 'present', Subject: [{ contains: 'sale' }, 'Hi', { equals: 'present' }] } },
      want: {
        kind: 'all',
        of: [
          { kind: 'header', field: 'X-Spam', patterns: [{ kind: 'present' }] },
          {
            kind: 'header',
            field: 'Subject',
            patterns: [
              { kind: 'contains', text: 'sale' },
              { kind: 'equals', text: 'Hi' },
              { kind: 'equals', text: 'present' },
            ],
          },
        ],
      },
    },
    {
      written: { size: { over: '1 MiB', under: '2 MiB' } },
      want: { kind: 'size', atLeast: MIB + 1, atMost: 2 * MIB - 1 },
    },
    { written: { size: { over: 5 } }, want: { kind: 'size', atLeast: 6, atMost: Number.MAX_SAFE_INTEGER } },
    { written: { facts: { pgp: ['none', 'bad'] } }, want: { kind: 'fact', name: 'pgp', values: ['none', 'bad'] } },
    {
      written: { facts: { score: 5, seen: true } },
      want: {
        kind: 'all',
        of: [
          { kind: 'fact', name: 'score', values: ['5'] },
          { kind: 'fact', name: 'seen', values: ['true'] },
        ],
      },
    },
    {
      written: { tls: true, not: { any: [{ tls: false }, { all: [{ listener: 'a' }, { sender: '*' }] }] } },
      want: {
        kind: 'all',
        of: [
          { kind: 'tls', is: true },
          {
            kind: 'not',
            of: {
              kind: 'any',
              of: [
                { kind: 'tls', is: false },
                {
                  kind: 'all',
                  of: [
                    { kind: 'listener', ids: ['a'] },
                    { kind: 'sender', patterns: [{ kind: 'any' }] },
                  ],
                },
              ],
            },
          },
        ],
      },
    },
  ])('$written', async ({ written, want }) => {
    expect(await validate(conditionSchema, written)).toEqual({ kind: 'valid', value: want });
  });

  test('a condition is plain data', async () => {
    const result = await validate(conditionSchema, { size: { over: 1 }, header: { A: 'present' } });
    if (result.kind !== 'valid') throw new Error('refused');
    expect(JSON.parse(JSON.stringify(result.value))).toEqual(result.value);
  });
});

describe('what is no condition', () => {
  test.each([
    { written: {}, want: [': says nothing: leave it out, or name a condition'] },
    { written: { facts: {} }, want: [': says nothing: leave it out, or name a condition'] },
    { written: { recpient: 'x' }, want: ['recpient: unknown key; did you mean "recipient"?'] },
    { written: { not: { lisener: 'x' } }, want: ['not.lisener: unknown key; did you mean "listener"?'] },
    { written: { all: [] }, want: ['all: at least one entry is expected'] },
    { written: { listener: [] }, want: ['listener: at least one entry is expected'] },
    { written: { tls: 'yes' }, want: ['tls: true or false is expected, but this is text'] },
    { written: { client: 'localhost' }, want: [expect.stringContaining('client: an IP address or a range')] },
    { written: { sender: ['ann'] }, want: [expect.stringContaining('sender.0: an address, "@domain"')] },
    { written: { size: {} }, want: ['size: over, under or both are expected'] },
    { written: { size: '1 MiB' }, want: ['size: a mapping is expected, but this is text'] },
    { written: { header: { 'No Name': 'x' } }, want: ['header.No Name: is no name of a header field'] },
    {
      written: { header: { A: { has: 'x' } } },
      want: expect.arrayContaining([expect.stringContaining('header.A.has: unknown key')]),
    },
    { written: { facts: { pgp: { is: 'x' } } }, want: [expect.stringContaining('facts.pgp: ')] },
  ])('$written', async ({ written, want }) => {
    const result = await validate(conditionSchema, written);
    const faults = result.kind === 'valid' ? [] : result.faults;
    expect(faults.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual(want);
  });
});
