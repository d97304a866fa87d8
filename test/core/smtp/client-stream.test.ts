import { describe, expect, test } from 'vitest';
import { ClientStream } from '../../../core/smtp/client-stream.ts';
import { Content } from '../../../core/smtp/content-stream.ts';

const RULES = { longest: 100, ends: 'strict' } as const;

/** A stream, and the lines that it has heard. */
function listening() {
  const lines: string[] = [];
  const stream = new ClientStream(
    () => RULES,
    line => lines.push(line.kind === 'line' ? line.octets.toString() : line.kind),
  );
  return { stream, lines };
}

test('one line is heard at a time, and the next one when it is asked for', () => {
  const { stream, lines } = listening();
  stream.write('NOOP\r\nRSET\r\nQU');
  expect(lines).toEqual(['NOOP']);
  expect(stream.listensTo).toBe('nothing');
  stream.resume();
  expect(lines).toEqual(['NOOP', 'RSET']);
  stream.resume();
  expect(stream.listensTo).toBe('command');
  expect(stream.holdsUnread).toBe(true);
});

test('a last command that was cut off is not carried out', () => {
  const { stream, lines } = listening();
  stream.end('RSET');
  expect(lines).toEqual([]);
});

describe('when the client has gone', () => {
  test('content that was coming fails, and whoever waits for it is told', async () => {
    const { stream } = listening();
    const into = new Content();
    const received = stream.content(into);
    stream.write('Subject: hello\r\n');
    stream.leave();
    expect(await received).toBe('left');
    expect(into.destroyed).toBe(true);
  });

  test('nothing is waited for any more, and nothing is heard', async () => {
    const { stream, lines } = listening();
    stream.leave();
    expect(await stream.chunk(5, null)).toBe('left');
    stream.write('NOOP\r\n');
    expect(lines).toEqual([]);
  });
});

test('a chunk takes its octets and not one more, whatever they look like', async () => {
  const { stream, lines } = listening();
  stream.write('BDAT 6\r\nQUIT\r\nNOOP\r\n');
  expect(await stream.chunk(6, null)).toBe('whole');
  stream.resume();
  expect(lines).toEqual(['BDAT 6', 'NOOP']);
});
