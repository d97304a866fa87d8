/**
 * SMTP smuggling: octets that some machine takes for the end of content (RFC 5321 section 4.1.1.4 knows one end alone),
 * with a second mail behind them. Here nothing of it ever becomes a mail of its own. These are the sequences that have been
 * used; `fuzz/smuggling.test.ts` tries all that there are.
 */
import { describe, expect, test } from 'vitest';
import { gateway } from './gateway.ts';
import { mounted } from './plugins.ts';

const SEQUENCES: Readonly<Record<string, string>> = {
  'LF . LF': '\n.\n',
  'LF . CRLF': '\n.\r\n',
  'CRLF . LF': '\r\n.\n',
  'CRLF . CR': '\r\n.\r',
  'CR . CR': '\r.\r',
  'CR . CRLF': '\r.\r\n',
  'CR . LF': '\r.\n',
  'CRLF NUL . CRLF': '\r\n\0.\r\n',
  'CRLF . NUL CRLF': '\r\n.\0\r\n',
  'CRLF . blank CRLF': '\r\n. \r\n',
  'LF .. CRLF': '\n..\r\n',
  'LF LF . LF LF': '\n\n.\n\n',
};

const PREAMBLE = 'EHLO c.test\r\nMAIL FROM:<outer@client.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n';
const SMUGGLED = 'MAIL FROM:<admin@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: smuggled\r\n\r\n';

function content(sequence: string): Buffer {
  return Buffer.from(`Subject: outer\r\n\r\nbody${sequence}${SMUGGLED}\r\n.\r\n`, 'latin1');
}

/** Sends the content in these pieces. @returns what was queued, and the last reply. */
async function smuggle(bareNewline: 'reject' | 'normalize', pieces: readonly Buffer[]) {
  const its = await gateway({ options: { bareNewline }, links: mounted('our-domains') });
  const client = await its.greeted();
  client.send(PREAMBLE);
  for (let reply = await client.reply(); reply[0]?.startsWith('354') !== true; reply = await client.reply());
  await client.sendSlowly(pieces);
  const [last = ''] = await client.reply();
  expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
  return { last, queued: its.committed.flat().map(({ mail }) => mail) };
}

describe.for(Object.entries(SEQUENCES))('smuggling with %s', ([, sequence]) => {
  const whole = content(sequence);
  const start = whole.indexOf('body') + 4;
  const cuts = Array.from({ length: sequence.length + 1 }, (_, index) => start + index);

  test.for(cuts)('cut at octet %i, it is refused or content', async at => {
    const { last, queued } = await smuggle('reject', [whole.subarray(0, at), whole.subarray(at)]);
    const clean = sequence === '\r\n. \r\n';
    expect(last.slice(0, 3)).toBe(clean ? '250' : '550');
    expect(queued.length).toBe(clean ? 1 : 0);
  });

  test('octet by octet, made whole it is content, and no line of it is a dot that the next machine could mistake', async () => {
    const { last, queued } = await smuggle(
      'normalize',
      [...whole].map(octet => Buffer.of(octet)),
    );
    expect(last.slice(0, 3)).toBe('250');
    expect(queued.map(({ envelope }) => envelope.reversePath?.localPart)).toEqual(['outer']);
    const text = (await queued[0]?.content.bytes())?.toString('latin1') ?? '';
    expect(text).toContain('Subject: smuggled\r\n');
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
  });
});

test('the one true end of content ends it, wherever it is cut', async () => {
  const whole = content('\r\n.\r\n').subarray(0, -SMUGGLED.length - '\r\n.\r\n'.length);
  for (let at = whole.length - 6; at < whole.length; at += 1) {
    const { last, queued } = await smuggle('reject', [whole.subarray(0, at), whole.subarray(at)]);
    expect(last).toBe('250 2.0.0 Ok: queued as Q1');
    expect(queued).toHaveLength(1);
  }
});

describe('dots are un-stuffed once, wherever the content is cut', () => {
  const stuffed = Buffer.from('..\r\n...\r\n.. \r\nx.\r\n....\r\n.\r\n');
  // The empty line is ours: content without a header is told apart from our fields.
  const want = '\r\n.\r\n..\r\n. \r\nx.\r\n...\r\n';
  test.for(Array.from({ length: stuffed.length }, (_, at) => at))('at octet %i', async at => {
    const { queued } = await smuggle('reject', [stuffed.subarray(0, at), stuffed.subarray(at)]);
    const text = (await queued[0]?.content.bytes())?.toString() ?? '';
    expect(text.slice(text.indexOf('+0000\r\n') + 7)).toBe(want);
  });
});
