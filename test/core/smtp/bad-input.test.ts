/** Bad input, a row each, with the exact reply. What the session is worth afterwards is looked at too. */
import { describe, expect, test } from 'vitest';
import type { Limits } from '../../../core/mail/limits.ts';
import type { ListenerOptions } from '../../../core/smtp/options.ts';
import { selfSigned } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { type GatewaySetting, gateway } from './gateway.ts';
import { mounted } from './plugins.ts';
import type { RawClient } from './raw-client.ts';

const TLS = { mode: 'starttls', ...selfSigned('mx.example.test'), minVersion: 'TLSv1.2' } as const;

const EHLO = 'EHLO client.test\r\n';
const MAIL = 'MAIL FROM:<ann@client.test>\r\n';
const RCPT = 'RCPT TO:<bob@example.test>\r\n';
const CONTENT = 'Subject: hello\r\n\r\nbody\r\n.\r\n';
const PLUGINS = mounted('our-domains', 'ann-may-log-in');

interface Row {
  readonly name: string;
  readonly options?: Partial<ListenerOptions>;
  readonly limits?: Partial<Limits>;
  /** What comes before, all of it in order. */
  readonly before?: string;
  readonly say: string | Buffer;
  /** The replies to `say`, each with all its lines. */
  readonly want: readonly string[];
  /** `closes`: the session is over. Otherwise it goes on. */
  readonly after?: 'closes';
}

const login = { auth: 'optional', allowPlaintextAuth: true } as const;
const PASSWORD = `AUTH PLAIN ${Buffer.from('\0ann\0correct horse').toString('base64')}\r\n`;

const ROWS: readonly Row[] = [
  { name: 'an unknown command', say: 'FROB\r\n', want: ['500 5.5.2 Command not recognized'] },
  { name: 'an empty line', say: '\r\n', want: ['500 5.5.2 Command not recognized'] },
  { name: 'a verb glued to its argument', say: 'EHLOclient.test\r\n', want: ['500 5.5.2 Command not recognized'] },
  {
    name: 'an over-long line',
    limits: { commandLine: 600 },
    say: `NOOP ${'x'.repeat(600)}\r\n`,
    want: ['500 5.5.2 Line too long'],
  },
  { name: 'a NUL in a command', say: 'NOOP \0\r\n', want: ['500 5.5.2 The command holds a control character'] },
  {
    name: 'an ESC in a command',
    say: 'NOOP \u001b[31m\r\n',
    want: ['500 5.5.2 The command holds a control character'],
  },
  { name: 'a bare LF', say: 'NOOP\nNOOP\r\n', want: ['500 5.5.2 Lines must end with CRLF'], after: 'closes' },
  { name: 'a bare CR', say: 'NOOP\rNOOP\r\n', want: ['500 5.5.2 Lines must end with CRLF'], after: 'closes' },
  {
    name: 'a bare CR where line ends are normalized',
    options: { bareNewline: 'normalize' },
    say: 'NOOP\rNOOP\r\n',
    want: ['500 5.5.2 The command holds a control character'],
  },
  {
    name: 'bad UTF-8 in a command',
    say: Buffer.from('EHLO \xff\xfe\r\n', 'latin1'),
    want: ['500 5.5.2 The command is not valid UTF-8'],
  },
  {
    name: 'bad UTF-8 in an address with SMTPUTF8',
    before: EHLO,
    say: Buffer.from('MAIL FROM:<\xe4nne@client.test> SMTPUTF8\r\n', 'latin1'),
    want: ['500 5.5.2 The command is not valid UTF-8'],
  },
  {
    name: 'an address beyond ASCII without SMTPUTF8',
    before: EHLO,
    say: 'MAIL FROM:<änne@client.test>\r\n',
    want: ['550 5.6.7 An address beyond ASCII needs the SMTPUTF8 parameter'],
  },
  {
    name: 'a recipient beyond ASCII without SMTPUTF8',
    before: EHLO + MAIL,
    say: 'RCPT TO:<jürgen@example.test>\r\n',
    want: ['553 5.6.7 An address beyond ASCII needs the SMTPUTF8 parameter'],
  },
  {
    name: '8-bit content without 8BITMIME is taken as it is',
    before: `${EHLO}${MAIL}${RCPT}DATA\r\n`,
    say: Buffer.from('Subject: hello\r\n\r\nGr\xfc\xdfe\r\n.\r\n', 'latin1'),
    want: ['250 2.0.0 Ok: queued as Q1'],
  },
  { name: 'HELO without a name', say: 'HELO\r\n', want: ['501 5.5.4 Syntax: HELO hostname'] },
  { name: 'EHLO with two names', say: 'EHLO a b\r\n', want: ['501 5.5.4 Syntax: EHLO hostname'] },
  { name: 'LHLO where no LMTP is spoken', say: 'LHLO client.test\r\n', want: ['500 5.5.2 Command not recognized'] },
  { name: 'MAIL before HELO', say: MAIL, want: ['503 5.5.1 Send HELO or EHLO first'] },
  { name: 'RCPT before HELO', say: RCPT, want: ['503 5.5.1 Send HELO or EHLO first'] },
  { name: 'DATA before HELO', say: 'DATA\r\n', want: ['503 5.5.1 Send HELO or EHLO first'] },
  {
    name: 'nested MAIL',
    before: EHLO + MAIL,
    say: MAIL,
    want: ['503 5.5.1 A mail transaction is in progress already'],
  },
  { name: 'RCPT before MAIL', before: EHLO, say: RCPT, want: ['503 5.5.1 Send MAIL first'] },
  { name: 'DATA before MAIL', before: EHLO, say: 'DATA\r\n', want: ['503 5.5.1 Send MAIL first'] },
  { name: 'DATA without RCPT', before: EHLO + MAIL, say: 'DATA\r\n', want: ['554 5.5.1 No valid recipients'] },
  {
    name: 'DATA with an argument',
    before: EHLO + MAIL + RCPT,
    say: 'DATA now\r\n',
    want: ['501 5.5.4 This command takes no argument'],
  },
  {
    name: 'RCPT past the limit',
    limits: { recipients: 1 },
    before: EHLO + MAIL + RCPT,
    say: 'RCPT TO:<eve@example.test>\r\n',
    want: ['452 4.5.3 Too many recipients, send to the others in another transaction'],
  },
  {
    name: 'an unknown parameter of MAIL',
    before: EHLO,
    say: 'MAIL FROM:<ann@client.test> WEATHER=fair\r\n',
    want: ['555 5.5.4 Parameter not recognized: WEATHER'],
  },
  {
    name: 'an unknown parameter of RCPT',
    before: EHLO + MAIL,
    say: 'RCPT TO:<bob@example.test> SIZE=1\r\n',
    want: ['555 5.5.4 Parameter not recognized: SIZE'],
  },
  {
    name: 'a doubled parameter',
    before: EHLO,
    say: 'MAIL FROM:<ann@client.test> SIZE=1 size=1\r\n',
    want: ['501 5.5.4 The parameter SIZE is there twice'],
  },
  {
    name: 'SIZE that is no number',
    before: EHLO,
    say: 'MAIL FROM:<ann@client.test> SIZE=big\r\n',
    want: ['501 5.5.4 Bad value of the parameter SIZE'],
  },
  {
    name: 'a negative SIZE',
    before: EHLO,
    say: 'MAIL FROM:<ann@client.test> SIZE=-1\r\n',
    want: ['501 5.5.4 Bad value of the parameter SIZE'],
  },
  {
    name: 'a SIZE beyond the limit',
    before: EHLO,
    say: 'MAIL FROM:<ann@client.test> SIZE=99999999999999999999\r\n',
    want: ['552 5.3.4 The message is larger than the limit that SIZE states'],
  },
  {
    name: 'content beyond the limit',
    options: { maxSize: 10 },
    before: `${EHLO}${MAIL}${RCPT}DATA\r\n`,
    say: CONTENT,
    want: ['552 5.3.4 The message is larger than the limit that SIZE states'],
  },
  {
    name: 'a header beyond the limit',
    limits: { header: 20 },
    before: `${EHLO}${MAIL}${RCPT}DATA\r\n`,
    say: 'Subject: a rather long one\r\n\r\nbody\r\n.\r\n',
    want: ['552 5.3.4 The header of the message is larger than this server takes'],
  },
  {
    name: 'a line of content beyond the limit',
    limits: { contentLine: 1000 },
    before: `${EHLO}${MAIL}${RCPT}DATA\r\n`,
    say: `Subject: hello\r\n\r\n${'x'.repeat(1001)}\r\n.\r\n`,
    want: ['550 5.6.0 A line of the message is longer than this server takes'],
  },
  {
    name: 'a line of content just within the limit',
    limits: { contentLine: 1000 },
    before: `${EHLO}${MAIL}${RCPT}DATA\r\n`,
    say: `Subject: hello\r\n\r\n${'x'.repeat(1000)}\r\n.\r\n`,
    want: ['250 2.0.0 Ok: queued as Q1'],
  },
  {
    name: 'a NUL in content',
    before: `${EHLO}${MAIL}${RCPT}DATA\r\n`,
    say: 'Subject: hello\r\n\r\n\0\r\n.\r\n',
    want: ['550 5.6.0 The message holds a NUL character'],
  },
  {
    name: 'a bare LF in content',
    before: `${EHLO}${MAIL}${RCPT}DATA\r\n`,
    say: 'Subject: hello\r\n\r\none\ntwo\r\n.\r\n',
    want: ['550 5.5.2 The message holds a bare LF; lines must end with CRLF'],
  },
  {
    name: 'AUTH where nobody can authenticate',
    before: EHLO,
    say: PASSWORD,
    want: ['502 5.5.1 Command not implemented'],
  },
  { name: 'AUTH before EHLO', options: login, say: PASSWORD, want: ['503 5.5.1 Send HELO or EHLO first'] },
  {
    name: 'AUTH twice',
    options: login,
    before: EHLO + PASSWORD,
    say: PASSWORD,
    want: ['503 5.5.1 Authenticated already'],
  },
  {
    name: 'AUTH in a transaction',
    options: login,
    before: EHLO + MAIL,
    say: PASSWORD,
    want: ['503 5.5.1 AUTH is not permitted during a mail transaction'],
  },
  {
    name: 'AUTH in the clear',
    options: { auth: 'optional', tls: TLS },
    before: EHLO,
    say: PASSWORD,
    want: ['538 5.7.11 Encryption required for authentication'],
  },
  {
    name: 'MAIL where AUTH is required',
    options: { ...login, auth: 'required' },
    before: EHLO,
    say: MAIL,
    want: ['530 5.7.0 Authentication required'],
  },
  {
    name: 'STARTTLS without a certificate',
    before: EHLO,
    say: 'STARTTLS\r\n',
    want: ['502 5.5.1 Command not implemented'],
  },
  {
    name: 'STARTTLS with an argument',
    options: { tls: TLS },
    before: EHLO,
    say: 'STARTTLS now\r\n',
    want: ['501 5.5.4 This command takes no argument'],
  },
  {
    name: 'BDAT over the announced size',
    options: { maxSize: 100 },
    before: EHLO + MAIL + RCPT,
    say: `BDAT 101 LAST\r\n${'x'.repeat(101)}`,
    want: ['552 5.3.4 The message is larger than the limit that SIZE states'],
  },
  {
    name: 'BDAT without RCPT',
    before: EHLO + MAIL,
    say: 'BDAT 6 LAST\r\nQUIT\r\n',
    want: ['554 5.5.1 No valid recipients'],
  },
  {
    name: 'BDAT of unknown size',
    before: EHLO + MAIL + RCPT,
    say: 'BDAT LAST\r\nMAIL FROM:<mallory@client.test>\r\n',
    want: ['501 5.5.4 Syntax: BDAT size [LAST]'],
    after: 'closes',
  },
  {
    name: 'BDAT of a negative size',
    before: EHLO + MAIL + RCPT,
    say: 'BDAT -1\r\nMAIL FROM:<mallory@client.test>\r\n',
    want: ['501 5.5.4 Syntax: BDAT size [LAST]'],
    after: 'closes',
  },
  ...[
    ['bad UTF-8', 'BDAT 5\xff\r\n'],
    ['a control character', 'BDAT 5 LAST\x01\r\n'],
    ['a tab in place of the blank', 'BDAT\t5\r\n'],
    ['more blanks than a line may have', `BDAT 5 LAST${' '.repeat(20_000)}\r\n`],
  ].map(
    ([what, line]): Row => ({
      name: `BDAT that cannot be read for ${what}`,
      before: EHLO + MAIL + RCPT,
      say: Buffer.from(`${line}MAIL FROM:<mallory@client.test>\r\n`, 'latin1'),
      want: ['501 5.5.4 Syntax: BDAT size [LAST]'],
      after: 'closes',
    }),
  ),
  {
    name: 'a bare CR that is the last octet of a chunk',
    before: EHLO + MAIL + RCPT,
    say: 'BDAT 13 LAST\r\nSubject: 769\r',
    want: ['550 5.5.2 The message holds a bare CR; lines must end with CRLF'],
  },
  {
    name: 'DATA after BDAT',
    before: `${EHLO}${MAIL}${RCPT}BDAT 6\r\na: b\r\n`,
    say: 'DATA\r\n',
    want: ['503 5.5.1 The content has begun, finish it with BDAT LAST'],
  },
  {
    name: 'RCPT after BDAT',
    before: `${EHLO}${MAIL}${RCPT}BDAT 6\r\na: b\r\n`,
    say: 'RCPT TO:<eve@example.test>\r\n',
    want: ['503 5.5.1 The content has begun, finish it with BDAT LAST'],
  },
  {
    name: 'BDAT after BDAT LAST',
    before: `${EHLO}${MAIL}${RCPT}BDAT 6 LAST\r\na: b\r\n`,
    say: 'BDAT 6 LAST\r\nQUIT\r\n',
    want: ['503 5.5.1 Send MAIL first'],
  },
  {
    name: 'BINARYMIME where it is not offered',
    before: EHLO,
    say: 'MAIL FROM:<ann@client.test> BODY=BINARYMIME\r\n',
    want: ['501 5.5.4 Bad value of the parameter BODY'],
  },
  { name: 'RSET with an argument', say: 'RSET now\r\n', want: ['501 5.5.4 This command takes no argument'] },
  { name: 'QUIT with an argument', say: 'QUIT now\r\n', want: ['501 5.5.4 This command takes no argument'] },
  { name: 'VRFY without a string', say: 'VRFY\r\n', want: ['501 5.5.4 Syntax: VRFY string'] },
  {
    name: 'MAIL without brackets',
    before: EHLO,
    say: 'MAIL FROM:ann@client.test\r\n',
    want: ['501 5.1.7 Bad sender address: the address must stand in angle brackets'],
  },
  {
    name: 'a null forward-path',
    before: EHLO + MAIL,
    say: 'RCPT TO:<>\r\n',
    want: ['501 5.1.3 Bad recipient address: the local part is missing or malformed'],
  },
];

/** Says what comes before, and hears as many replies as it has commands. */
async function lead(client: RawClient, octets: string): Promise<void> {
  client.send(octets);
  const chunks = octets.split(/(?<=BDAT \d+\r\n|BDAT \d+ LAST\r\n)(?:.*\r\n)/).join('');
  for (const _ of chunks.trimEnd().split('\r\n')) await client.reply();
}

describe('bad input', () => {
  test.for(ROWS)('$name', async ({ options = {}, limits = {}, before, say, want, after }) => {
    const setting: GatewaySetting = { options, limits, links: PLUGINS };
    const its = await gateway(setting);
    const client = await its.greeted();
    if (before !== undefined) await lead(client, before);
    client.send(say);
    for (const reply of want) expect((await client.reply()).join('\n')).toBe(reply);
    if (after === 'closes') expect(await client.rest()).toEqual([]);
    else expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
  });
});

/** What takes a client through everything there is, stage by stage, and how many replies each stage brings. */
const STAGES: readonly (readonly [octets: string, replies: number])[] = [
  [EHLO, 1],
  [MAIL, 1],
  [RCPT, 1],
  ['DATA\r\n', 1],
  ['Subject: hello\r\n', 0],
  ['\r\nbody\r\n', 0],
  ['.\r\n', 1],
  [MAIL, 1],
  [RCPT, 1],
  ['BDAT 6\r\n', 0],
  ['a: b\r\n', 1],
  ['BDAT 5 LAST\r\n', 0],
  ['\r\nx\r', 0],
  ['\n', 1],
  ['AUTH LOGIN\r\n', 1],
  ['YW5u\r\n', 1],
];
const FIRST_MAIL = 7;
const SECOND_MAIL = 14;

const octetsOf = (stages: typeof STAGES) => stages.map(([octets]) => octets).join('');

/** Goes through the first stages, and hears their replies. */
async function goThrough(client: RawClient, stages: typeof STAGES): Promise<void> {
  client.send(octetsOf(stages));
  for (const [, replies] of stages) for (let heard = 0; heard < replies; heard += 1) await client.reply();
}

describe('a connection that is cut at every stage', () => {
  const ends = STAGES.flatMap((_, stage) => (['ends its side', 'vanishes'] as const).map(how => ({ stage, how })));
  test.for(ends)('after $stage stages the client $how', async ({ stage, how }) => {
    const its = await gateway({ options: login, links: PLUGINS });
    const client = await its.greeted();
    await goThrough(client, STAGES.slice(0, stage));
    // In the middle of the next line.
    client.send((STAGES[stage]?.[0] ?? '').slice(0, -1).slice(0, 3));
    if (how === 'vanishes') client.vanish();
    else client.finish();
    await until(() => expect(its.pinned()).toBe(0));
    expect(its.log.of('failed')).toEqual([]);
    // All that was finished, and nothing else.
    expect(its.committed).toHaveLength(stage >= SECOND_MAIL ? 2 : stage >= FIRST_MAIL ? 1 : 0);
  });
});

describe('a shutdown at every stage', () => {
  test.for(STAGES.map((_, stage) => stage))('after %i stages', async stage => {
    const its = await gateway({ options: login, links: PLUGINS });
    const client = await its.greeted();
    await goThrough(client, STAGES.slice(0, stage));
    const closed = its.listener.close(new AbortController().signal);
    client.send(octetsOf(STAGES.slice(stage)));
    const said = (await client.rest()).join('\n');
    await closed;
    expect(said).toMatch(/421 4\.3\.2 Shutting down, try again later$/);
    const before = stage >= SECOND_MAIL ? 2 : stage >= FIRST_MAIL ? 1 : 0;
    expect(its.committed).toHaveLength(before + [...said.matchAll(/queued as/g)].length);
    expect(its.pinned()).toBe(0);
  });
});
