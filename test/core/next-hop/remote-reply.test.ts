/** Replies of next hops: read whatever they look like, and turned into ours. */
import { describe, expect, test } from 'vitest';
import { parseReply, printable, recipientRefusalOf, refusalOf } from '../../../core/next-hop/remote-reply.ts';

describe('parseReply', () => {
  test.each([
    { raw: '250 2.0.0 OK', want: { code: 250, status: '2.0.0', text: 'OK', words: '250 2.0.0 OK' } },
    { raw: '250 OK', want: { code: 250, status: null, text: 'OK' } },
    { raw: '354', want: { code: 354, status: null, text: '' } },
    { raw: '550 5.1.1', want: { code: 550, status: '5.1.1', text: '' } },
    {
      raw: '550-5.7.1 Your address\n550-5.7.1 is listed\r\n550 5.7.1 at example.test',
      want: {
        code: 550,
        status: '5.7.1',
        text: 'Your address is listed at example.test',
        words: '550-5.7.1 Your address 550-5.7.1 is listed 550 5.7.1 at example.test',
      },
    },
    { raw: '550 5.1 no status', want: { status: null, text: '5.1 no status' } },
    { raw: '550 5.1.1000 no status', want: { status: null } },
    { raw: 'HTTP/1.1 400 Bad Request', want: { code: 0, text: 'HTTP/1.1 400 Bad Request' } },
    { raw: '', want: { code: 0, text: '', words: '' } },
  ])('$raw', ({ raw, want }) => {
    expect(parseReply(raw)).toMatchObject(want);
  });

  test('log injection: control characters are taken out', () => {
    expect(parseReply('550 5.1.1 a\u0000b\u001b[31m\u2028c\td').words).toBe('550 5.1.1 a b [31m c d');
  });

  test('denial of service: a reply is kept in part', () => {
    expect(parseReply(`550 ${'x'.repeat(100_000)}`).words.length).toBeLessThan(2100);
    expect(printable('y'.repeat(100_000)).length).toBeLessThan(2100);
  });
});

describe('refusalOf', () => {
  test.each([
    { raw: '550 5.1.1 No such user', want: { code: 550, status: '5.1.1', text: 'No such user' } },
    { raw: '550 No such user', want: { code: 550, status: '5.0.0' } },
    { raw: '550 4.1.1 The class disagrees', want: { code: 550, status: '5.0.0' } },
    { raw: '571 5.7.1 A code of its own', want: { code: 554, status: '5.7.1' } },
    { raw: '450 4.2.0 Greylisted', want: { code: 450, status: '4.2.0' } },
    { raw: '421 Bye', want: { code: 421, status: '4.0.0' } },
    { raw: '499 Something', want: { code: 451, status: '4.0.0' } },
    { raw: '550', want: { code: 550, status: '5.0.0', text: 'Refused without a reason' } },
    { raw: '600 What', want: { code: 451, status: '4.5.0' } },
    { raw: 'nonsense', want: { code: 451, status: '4.5.0' } },
  ])('$raw', ({ raw, want }) => {
    expect(refusalOf(parseReply(raw))).toMatchObject(want);
  });
});

describe('recipientRefusalOf', () => {
  test.each([
    { raw: '552 Too many recipients', want: { code: 452, status: '4.5.3' } },
    { raw: '552 5.5.3 Too many recipients', want: { code: 452, status: '4.5.3' } },
    { raw: '552 5.2.2 Mailbox full', want: { code: 552, status: '5.2.2' } },
    { raw: '550 5.1.1 No such user', want: { code: 550, status: '5.1.1' } },
  ])('$raw', ({ raw, want }) => {
    expect(recipientRefusalOf(parseReply(raw))).toMatchObject(want);
  });
});
