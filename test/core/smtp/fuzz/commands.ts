/** Command lines from the grammars of RFC 5321 and its extensions: right ones, and wrong ones of every kind. */
import { anyPath, goodPath } from './addresses.ts';
import type { Dice, Weighted } from './dice.ts';

const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');

const HOSTS: readonly Weighted<string>[] = [
  [20, 'client.test'],
  [2, '[192.0.2.1]'],
  [2, '[IPv6:2001:db8::1]'],
  [1, 'mx.example.test'],
  [1, ''],
  [1, 'two words'],
  [1, 'b\xc3\xbccher.test'],
  [1, 'x'.repeat(256)],
  [1, 'a\0b'],
  [1, 'a\rb'],
  [1, 'throw.test'],
  [1, 'hang.test'],
  [1, 'refuse.test'],
  [1, '-'],
];

const MAIL_PARAMETERS: readonly Weighted<(dice: Dice) => string>[] = [
  [
    8,
    dice =>
      `SIZE=${dice.pick(['0', '1', '100', '999999', '1000001', '-1', '1e3', '', ' 5', '9'.repeat(20), '9'.repeat(21)])}`,
  ],
  [8, dice => `BODY=${dice.pick(['7BIT', '8BITMIME', '8bitmime', 'BINARYMIME', '9BIT', ''])}`],
  [6, () => 'SMTPUTF8'],
  [2, () => 'SMTPUTF8=1'],
  [3, dice => `RET=${dice.pick(['FULL', 'HDRS', 'full', 'NONE', ''])}`],
  [3, dice => `ENVID=${dice.pick(['QQ314159', 'a+2Bb', 'a+0D+0Ab', '+', 'x'.repeat(101), ''])}`],
  [3, dice => `AUTH=${dice.pick(['<>', 'ann+40client.test', '+0D', ''])}`],
  [2, () => 'REQUIRETLS'],
  [2, dice => `MT-PRIORITY=${dice.pick(['0', '-9', '9', '10', 'x'])}`],
  [1, dice => `HOLDFOR=${dice.below(100)}`],
  [
    1,
    dice => dice.pick(['X-FOO', 'X-FOO=1', '=', '=x', 'a=b=c', 'A\tB', '\xff=1', 'SIZE', '__proto__=1', 'constructor']),
  ],
];

const RCPT_PARAMETERS: readonly Weighted<(dice: Dice) => string>[] = [
  [
    8,
    dice => `NOTIFY=${dice.pick(['NEVER', 'SUCCESS', 'SUCCESS,FAILURE,DELAY', 'NEVER,SUCCESS', 'success', ',', ''])}`,
  ],
  [
    6,
    dice =>
      `ORCPT=${dice.pick(['rfc822;bob@example.test', 'utf-8;b\\x{FC}b@x.test', 'rfc822;a+0D+0Ab', 'x', ';', 'rfc822;'])}`,
  ],
  [1, () => 'SIZE=1'],
  [1, dice => dice.pick(['X-FOO', '=', 'NOTIFY', 'toString=1', `ORCPT=rfc822;${'x'.repeat(500)}`])],
];

function parameters(dice: Dice, list: readonly Weighted<(dice: Dice) => string>[]): string {
  const count = dice.weighted([
    [6, 0],
    [3, 1],
    [1, dice.between(2, 5)],
  ]);
  return dice.times(count, () => ` ${dice.weighted(list)(dice)}`).join('');
}

const MECHANISMS = [
  'PLAIN',
  'LOGIN',
  'plain',
  'CRAM-MD5',
  'SCRAM-SHA-256',
  'XOAUTH2',
  'OAUTHBEARER',
  'EXTERNAL',
  'X',
  '',
];
const ANSWERS = [
  base64('\0ann\0correct horse'),
  base64('\0ann\0wrong'),
  base64('bob\0ann\0correct horse'),
  base64('ann'),
  base64('correct horse'),
  base64('\0throw\0x'),
  base64('\0hang\0x'),
  base64('\0\0'),
  base64('\0a\r\nb\0c'),
  base64('n,,n=user,r=rOprNGfwEbeRWgbNEkqO'),
  base64('c=biws,r=x,p=AAAA'),
  base64('tim b913a602c7eda7a495b4e6e7334d3890'),
  base64('user=ann\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01'),
  base64('n,a=ann,\x01host=mx\x01port=587\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01'),
  base64('n,,\x01auth=Bearer no\x01\x01'),
  base64('\x01'),
  '*',
  '=',
  '',
  '%%%',
  'A'.repeat(3000),
];

/** One line of an AUTH exchange after the first. */
export const authAnswer = (dice: Dice): string => dice.pick(ANSWERS);

function auth(dice: Dice): string {
  const initial = dice.chance(0.6) ? ` ${authAnswer(dice)}` : '';
  return `AUTH ${dice.pick(MECHANISMS)}${initial}`;
}

/** A size that BDAT may announce, and some that it may not. */
function bdatLine(dice: Dice): string {
  const size = dice.weighted<string>([
    [6, String(dice.below(60))],
    [2, '0'],
    [
      1,
      dice.pick([
        '-1',
        '+5',
        '1e2',
        '0x10',
        '',
        'LAST',
        '5 FIRST',
        '5 LAST LAST',
        '00005',
        ' 5',
        '9'.repeat(19),
        '9'.repeat(30),
      ]),
    ],
  ]);
  return `BDAT ${size}${dice.chance(0.5) ? ' LAST' : ''}`;
}

const XCLIENT = [
  'XCLIENT ADDR=192.0.2.7 NAME=client.test',
  'XCLIENT ADDR=IPV6:2001:db8::7 PROTO=ESMTP HELO=c.test LOGIN=ann',
  'XCLIENT NAME=a+0D+0Ab',
  'XCLIENT ADDR=127.0.0.1',
  'XCLIENT ADDR=203.0.113.66',
  'XCLIENT HELO=client.test PORT=2525',
  'XCLIENT NAME=[TEMPUNAVAIL] ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE]',
  'XCLIENT',
  'XCLIENT =',
  'XFORWARD ADDR=192.0.2.7 SOURCE=REMOTE',
  'XFORWARD NAME=[UNAVAILABLE]',
  'XFORWARD',
  'PROXY TCP4 192.0.2.7 192.0.2.1 1234 25',
];

const UNKNOWN = [
  'SAML FROM:<ann@client.test>',
  'TURN',
  'ETRN example.test',
  'WIZ',
  'SHELL',
  'KILL',
  'DEBUG',
  'BURL imap://x LAST',
  'GET / HTTP/1.1',
  'Subject: hello',
  '.',
  '..',
  '',
  ' ',
  ' MAIL FROM:<ann@client.test>',
  'MAILFROM:<ann@client.test>',
  'constructor',
  '\x16\x03\x01\x02\x00\x01',
];

/** Every verb, and how often it comes where anything may come. */
export const VERBS: readonly Weighted<(dice: Dice) => string>[] = [
  [6, dice => `EHLO ${dice.weighted(HOSTS)}`],
  [2, dice => `HELO ${dice.weighted(HOSTS)}`],
  [1, dice => `LHLO ${dice.weighted(HOSTS)}`],
  [12, dice => `MAIL FROM:${anyPath(dice)}${parameters(dice, MAIL_PARAMETERS)}`],
  [16, dice => `RCPT TO:${anyPath(dice)}${parameters(dice, RCPT_PARAMETERS)}`],
  [
    1,
    dice =>
      dice.pick(['MAIL', 'MAIL FROM', 'MAIL FROM:', 'MAIL TO:<ann@client.test>', 'MAIL  FROM: <ann@client.test>']),
  ],
  [1, dice => dice.pick(['RCPT', 'RCPT TO', 'RCPT FROM:<bob@example.test>', 'RCPT TO: <bob@example.test>'])],
  [6, () => 'DATA'],
  [1, dice => dice.pick(['DATA x', 'DATA ', 'data', 'DATA\t', 'DATA\0'])],
  [3, bdatLine],
  [4, () => 'RSET'],
  [1, () => 'RSET x'],
  [4, dice => `NOOP${dice.pick(['', ' ', ' x', ' \xff', ` ${'x'.repeat(600)}`])}`],
  [2, dice => `HELP${dice.pick(['', ' MAIL', ' \0'])}`],
  [
    2,
    dice =>
      `VRFY ${dice.pick(['ann', 'ann@example.test', '<ann@example.test>', '', 'throw', 'hang', '\r', 'x'.repeat(300)])}`,
  ],
  [2, dice => `EXPN ${dice.pick(['staff', '', 'throw', 'refuse', 'staff SMTPUTF8', 'j\xc3\xbcrgen SMTPUTF8'])}`],
  [3, auth],
  [2, dice => `STARTTLS${dice.pick(['', '', '', ' x'])}`],
  [3, dice => dice.pick(XCLIENT)],
  [2, dice => dice.pick(UNKNOWN)],
  [1, dice => `QUIT${dice.pick(['', '', ' x'])}`],
];

/** Any command, now and then written as nobody should write it. */
export function anyCommand(dice: Dice): string {
  const line = dice.weighted(VERBS)(dice);
  return dice.weighted<(text: string) => string>([
    [20, text => text],
    [1, text => text.toLowerCase()],
    [1, text => text.replace(' ', '  ')],
    [1, text => `${text}${dice.pick([' ', '\t', '   ', '\r', '\0'])}`],
  ])(line);
}

/** A line end of a command. */
export function commandEnd(dice: Dice): string {
  return dice.weighted([
    [120, '\r\n'],
    [1, '\n'],
    [1, '\r'],
    [1, '\r\r\n'],
  ]);
}

/** Right in every respect. */
export const greet = (dice: Dice): string => `${dice.chance(0.85) ? 'EHLO' : 'HELO'} client.test`;
export const mailFrom = (dice: Dice): string => `MAIL FROM:${dice.chance(0.1) ? '<>' : goodPath(dice)}`;
export const rcptTo = (dice: Dice): string => `RCPT TO:${goodPath(dice)}`;
