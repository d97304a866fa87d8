/** BODY=BINARYMIME from the client to the queue (RFC 3030). */
import { expect, test } from 'vitest';
import { gateway } from './gateway.ts';
import { mounted } from './plugins.ts';

async function send(octets: Buffer) {
  const its = await gateway({ options: { binaryMime: 'encode' }, links: mounted('our-domains') });
  const client = await its.greeted();
  await client.command('EHLO client.test');
  await client.command('MAIL FROM:<ann@client.test> BODY=BINARYMIME');
  await client.command('RCPT TO:<bob@example.test>');
  client.send(Buffer.concat([Buffer.from(`BDAT ${octets.length} LAST\r\n`), octets]));
  expect(await client.reply()).toEqual(['250 2.0.0 Ok: queued as Q1']);
  const [queued] = its.committed.flat();
  const text = (await queued?.mail.content.bytes())?.toString('latin1') ?? '';
  return { queued, text };
}

const HEADER = 'Subject: photo\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n';

test('binary content reaches the queue in base64, as 8-bit MIME, and the trace says who did it', async () => {
  const binary = Buffer.from([0, 13, 10, 46, 13, 10, 255, 10, 13]);
  const { queued, text } = await send(Buffer.concat([Buffer.from(HEADER), binary]));
  expect(text).toContain('Content-Transfer-Encoding: base64\r\n');
  expect(Buffer.from(text.slice(text.indexOf('\r\n\r\n') + 4), 'base64')).toEqual(binary);
  expect(queued?.mail.envelope.parameters.body).toBe('8bitmime');
  expect(queued?.trace).toContainEqual(expect.objectContaining({ plugin: 'mailframe', answer: 'rewrite' }));
});

test('content that is announced as binary and is not stays as it is', async () => {
  const { queued, text } = await send(Buffer.from('Subject: hello\r\n\r\nbody\r\n'));
  expect(text).toMatch(/\r\nSubject: hello\r\n\r\nbody\r\n$/);
  expect(queued?.trace.filter(({ answer }) => answer === 'rewrite')).toEqual([]);
});
