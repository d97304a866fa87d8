import { describe, expect, test } from 'vitest';
import { ReplyReader } from '../../../core/testing/reply-reader.ts';

describe('replies', () => {
  test('are put together of octets that come one by one', async () => {
    const reader = new ReplyReader();
    const first = reader.next();
    for (const octet of Buffer.from('250-mx.test\r\n250 SIZE\r\n550 5.1.1 Wer ist müller?\r\n'))
      reader.feed(Buffer.of(octet));
    expect(await first).toEqual({ code: 250, status: null, text: 'mx.test\nSIZE', lines: ['250-mx.test', '250 SIZE'] });
    expect(await reader.next()).toMatchObject({ code: 550, status: '5.1.1', text: 'Wer ist müller?' });
  });

  test.each([
    { line: '250', want: { code: 250, status: null, text: '' } },
    { line: '221 2.0.0', want: { code: 221, status: '2.0.0', text: '' } },
    { line: '250 2.0.0.1 x', want: { code: 250, status: null, text: '2.0.0.1 x' } },
    { line: '354 3.0.0 x', want: { code: 354, status: null, text: '3.0.0 x' } },
  ])('of the form $line', async ({ line, want }) => {
    const reader = new ReplyReader();
    reader.feed(Buffer.from(`${line}\r\n`));
    expect(await reader.next()).toEqual({ ...want, lines: [line] });
  });

  test('that came before the end can still be read, later ones fail with the reason', async () => {
    const reader = new ReplyReader();
    const waiting = reader.next();
    reader.feed(Buffer.from('421 4.3.2 Bye\r\n'));
    reader.feed(Buffer.from('250 OK\r\n250 incompl'));
    reader.end(new Error('reset'));
    reader.end(new Error('closed'));
    expect(await waiting).toMatchObject({ code: 421 });
    expect(reader.rest()).toMatchObject([{ code: 250 }]);
    await expect(reader.next()).rejects.toThrow('reset');
  });
});
