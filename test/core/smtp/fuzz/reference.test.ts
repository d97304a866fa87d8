/** The judge judged: what the reference and the ledger let pass, and what they object to. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { octetsOf } from '../../../../core/testing/dialogue-octets.ts';
import { LIMITS } from '../gateway.ts';
import { type Commit, settle } from './ledger.ts';
import { Reference } from './reference.ts';
import { ReplyScanner } from './reply-form.ts';
import type { Rules } from './rules.ts';

const RULES: Rules = {
  protocol: 'smtp',
  chunking: true,
  bareNewline: 'reject',
  commandLine: 1000,
  patience: { errors: 100, commands: 100, unknownCommands: 10, failedLogins: 5, transactions: 1000 },
  moody: false,
  takesAnybody: true,
  fitness: () => 'either',
  use: () => 'kept',
};

/** Lines that begin with `C: ` and `S: `, as in a transcript; the client has said all before it hears the next reply. */
function judge(dialogue: string, rules: Partial<Rules> = {}): Reference {
  const reference = new Reference({ ...RULES, ...rules });
  const scanner = new ReplyScanner();
  for (const line of dialogue.split('\n').map(text => text.trimStart())) {
    if (line.startsWith('C: ')) reference.say(octetsOf(line.slice(3)).toString('latin1'));
    if (line.startsWith('S: '))
      for (const reply of scanner.feed(octetsOf(line.slice(3)).toString('latin1'))) reference.hear(reply);
  }
  scanner.end();
  reference.closed('finished');
  return reference;
}

const GREETED = `S: 220 mx.example.test ESMTP
  C: EHLO client.test
  S: 250 mx.example.test`;
const IN_DATA = `${GREETED}
  C: MAIL FROM:<ann@client.test>
  S: 250 2.1.0 Ok
  C: RCPT TO:<bob@example.test>
  S: 250 2.1.5 Ok
  C: DATA
  S: 354 Go ahead`;
const TAKEN = `${IN_DATA}
  C: Subject: x
  C: ..
  C: .
  S: 250 2.0.0 Ok: queued as Q1`;

describe('what is right passes', () => {
  const folder = new URL('../../../transcripts/', import.meta.url);
  const files = readdirSync(folder)
    .filter(name => name.endsWith('.txt'))
    .map(name => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }))
    // What happens beside the dialogue is not known here.
    .filter(
      ({ text }) =>
        !/^E: (?!the client has nothing)/m.test(text) &&
        !/tls=implicit|trust\.proxy|^S: 5\d\d.*\nS: \(closes\)/m.test(text),
    );

  test('there are transcripts enough', () => {
    expect(files.length).toBeGreaterThan(25);
  });

  test.for(files)('$name', ({ text }) => {
    const said = text
      .replaceAll('<id>', 'Q1')
      .replaceAll('...', 'x')
      .replaceAll(/^S: \(offers.*$/gm, 'S: 250 x')
      .replaceAll(/^S: \(.*$/gm, '');
    const bareNewline = text.includes('bareNewline=normalize') ? 'normalize' : 'reject';
    const lmtp = text.includes('protocol=lmtp');
    expect(() =>
      judge(said, { bareNewline, takesAnybody: false, moody: true, protocol: lmtp ? 'lmtp' : 'smtp' }),
    ).not.toThrow();
  });

  test('content is un-stuffed, and belongs to its envelope', () => {
    expect(judge(TAKEN).taken).toEqual([
      {
        ids: ['Q1'],
        content: 'Subject: x\r\n.\r\n',
        likeness: 'exact',
        marked: false,
        from: '<ann@client.test>',
        to: ['<bob@example.test>'],
      },
    ]);
  });

  test('chunks make one content, and a final dot in them is content', () => {
    const { taken } = judge(
      `${IN_DATA.slice(0, IN_DATA.indexOf('  C: DATA'))}
      C: BDAT 5
      C: a\\r\\n.\\r\\
      S: 250 2.0.0 Ok
      C: BDAT 3 LAST
      C: \\nb\\n\\
      S: 250 2.0.0 Ok: queued as Q1`,
      { bareNewline: 'normalize' },
    );
    expect(taken.map(({ content }) => content)).toEqual(['a\r\n.\r\nb\r\n']);
  });
});

describe('what is wrong does not', () => {
  test.for<readonly [string, string]>([
    ['a reply too few', `${GREETED}\nC: NOOP`],
    ['a reply too many', `${GREETED}\nS: 250 2.0.0 Ok`],
    ['replies out of order', `${GREETED}\nC: MAIL FROM:<ann@client.test>\nC: DATA\nS: 354 Go ahead`],
    ['a reply after the last one', `${GREETED}\nC: QUIT\nS: 221 2.0.0 Bye\nS: 250 2.0.0 Ok`],
    ['a reply in the middle of content', `${IN_DATA}\nC: text\nS: 250 2.0.0 Ok: queued as Q1`],
    ['an acceptance without an id', `${IN_DATA}\nC: .\nS: 250 2.0.0 Ok`],
    ['a bare LF accepted', `${IN_DATA}\nC: a\\nb\nC: .\nS: 250 2.0.0 Ok: queued as Q1`],
    ['LF . LF taken for an end', `${IN_DATA}\nC: a\\n.\\n\\\nS: 550 5.5.2 Bare LF`],
    ['a transaction without a greeting', 'S: 220 mx\nC: MAIL FROM:<ann@client.test>\nS: 250 2.1.0 Ok'],
    ['a recipient without a sender', `${GREETED}\nC: RCPT TO:<bob@example.test>\nS: 250 2.1.5 Ok`],
    [
      'a nested transaction',
      `${IN_DATA.slice(0, IN_DATA.indexOf('  C: DATA'))}\nC: MAIL FROM:<x@y.test>\nS: 250 2.1.0 Ok`,
    ],
    ['a control character in an address', `${GREETED}\nC: MAIL FROM:<a\\0b@client.test>\nS: 250 2.1.0 Ok`],
    ['a command that ends at LF', `${GREETED}\nC: NOOP\\n\\\nS: 250 2.0.0 Ok`],
    ['a code that does not fit', `${GREETED}\nC: NOOP\nS: 354 Go ahead`],
    ['a refusal of what is always right', `${GREETED}\nC: RSET\nS: 451 4.3.0 Local error`],
    ['a line that ends at LF', 'S: 220 mx\\n\\'],
    ['a line that has no code', 'S: hello'],
    ['two codes in one reply', 'S: 220-mx\nS: 250 mx'],
    ['a control character', 'S: 220 m\\x1bx'],
    ['UTF-8 that nobody asked for', `${GREETED}\nC: VRFY j\nS: 250 2.1.5 <j\\xc3\\xbcrgen@example.test>`],
    ['more than 512 octets', `S: 220 ${'x'.repeat(520)}`],
    ['no enhanced status', `${GREETED}\nC: NOOP\nS: 250 Ok`],
    ['a status that contradicts its code', `${GREETED}\nC: FOO\nS: 500 4.5.2 What?`],
    ['two statuses', `${GREETED}\nC: FOO\nS: 500 5.5.2 5.5.1 What?`],
    ['a reply that is cut off', `${GREETED}\nC: FOO\nS: 500-5.5.2 What?`],
    ['421 without a reason', `${GREETED}\nC: NOOP\nS: 421 4.7.0 I do not like you`],
    ['a chunk without a transaction', `${GREETED}\nC: BDAT 1\nC: x\\\nS: 250 2.0.0 Ok`],
    [
      'DATA among chunks',
      `${IN_DATA.slice(0, IN_DATA.indexOf('  C: DATA'))}\nC: BDAT 1\nC: x\\\nS: 250 2.0.0 Ok\nC: DATA\nS: 354 Go`,
    ],
  ])('%s', ([, dialogue]) => {
    expect(() => judge(dialogue)).toThrow(expect.objectContaining({ name: 'Violation' }));
  });

  test('content refused for no reason', () => {
    const refused = `${IN_DATA}\nC: .\nS: 554 5.0.0 No`;
    expect(() => judge(refused, { fitness: () => 'taken' })).toThrow('content refused without a reason');
  });

  test('as many replies as recipients, in LMTP', () => {
    const lmtp = IN_DATA.replace('EHLO', 'LHLO').replace(
      '  C: DATA',
      '  C: RCPT TO:<bob@example.test>\n  S: 250 2.1.5 Ok\n  C: DATA',
    );
    const once = `${lmtp}\nC: .\nS: 250 2.0.0 Ok: queued as Q1`;
    expect(() => judge(once, { protocol: 'lmtp' })).toThrow('closed without a reply');
    expect(judge(`${once}\nS: 550 5.7.1 No`, { protocol: 'lmtp' }).taken).toMatchObject([
      { to: ['<bob@example.test>'] },
    ]);
  });
});

describe('the ledger', () => {
  const trace =
    'Received: from client.test ([127.0.0.1])\r\n\tby mx.example.test with ESMTP id Q1;\r\n\tMon, 23 Nov 2026 12:00:00 +0000\r\n';
  const commit: Commit = {
    ids: ['Q1'],
    contents: [`${trace}Subject: x\r\n.\r\n`],
    sender: 'ann@client.test',
    originals: ['bob@example.test'],
    recipients: ['bob@example.test'],
  };
  const { taken } = judge(TAKEN);
  const whole = { taken, connection: 'whole', candidates: [] } as const;

  test('what was acknowledged and committed as it is balances', () => {
    expect(() => settle(whole, [commit])).not.toThrow();
  });

  test.for<readonly [string, readonly Commit[]]>([
    ['acknowledged and never committed', []],
    ['committed and never acknowledged', [commit, { ...commit, ids: ['Q2'] }]],
    ['committed', [{ ...commit, contents: [`${trace}Subject: x\r\n`] }]],
    ['committed', [{ ...commit, contents: [`${trace}X: y\r\nSubject: x\r\n.\r\n`] }]],
    ['trace field', [{ ...commit, contents: ['Subject: x\r\n.\r\n'] }]],
    ['a bare CR or LF or a NUL', [{ ...commit, contents: [`${trace}Subject: x\n.\r\n`] }]],
    ['never accepted', [{ ...commit, originals: ['bob@example.test', 'eve@example.test'] }]],
    ['not in the envelope', [{ ...commit, originals: [], recipients: [] }]],
    ['from', [{ ...commit, sender: 'eve@client.test' }]],
  ])('objects: %s', ([message, commits]) => {
    expect(() => settle(whole, commits)).toThrow(message);
  });

  test('what a client did not hear whose connection was cut may be there, if it had sent it', () => {
    const reference = new Reference(RULES);
    reference.say('EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: x\r\n..\r\n.\r\n');
    const cut = { taken: [], connection: 'cut', candidates: reference.candidates() } as const;
    expect(() => settle(cut, [commit])).not.toThrow();
    expect(() => settle(cut, [{ ...commit, contents: [`${trace}Subject: y\r\n`] }])).toThrow('committed');
  });
});

test('the limits of the tests are those of the gateway of the tests', () => {
  expect(LIMITS).toMatchObject({ errors: RULES.patience.errors, unknownCommands: RULES.patience.unknownCommands });
});
