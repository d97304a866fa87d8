import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { CommandStream } from '../../../core/smtp/command-stream.ts';

test('a last command that was cut off is not carried out', async () => {
  const heard: string[] = [];
  const stream = new CommandStream();
  stream.oncommand = (line, next) => {
    heard.push(line.toString());
    next?.();
  };
  stream.end('NOOP\r\nRSET');
  await finished(stream);
  expect(heard).toEqual(['NOOP']);
});
