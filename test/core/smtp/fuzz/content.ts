/** Content as it goes over the wire after 354, its final dot included (RFC 5321 section 4.1.1.4). */
import type { Dice, Weighted } from './dice.ts';

const LINES: readonly Weighted<(dice: Dice) => string>[] = [
  [20, dice => 'text '.repeat(dice.between(0, 12))],
  [4, () => ''],
  [4, dice => '.'.repeat(dice.between(2, 4))],
  [4, dice => `${'.'.repeat(dice.between(2, 3))}${dice.pick(['\r', '\n', ' ', 'x', '\0'])}`],
  [2, dice => `.${dice.pick(['x', ' ', '\t', '\r', '\n', '\0', 'MAIL FROM:<ann@client.test>'])}`],
  [2, () => 'From ann@client.test Mon Nov 23 12:00:00 2026'],
  [2, dice => dice.pick(['VIRUS', 'SUSPECT', 'JUNK', 'THROW', 'HANG', 'LATE', 'REWRITE', 'NONSENSE'])],
  [2, dice => dice.octets(dice.between(1, 40))],
  [2, dice => `gr\xc3\xbc\xc3\x9fe ${dice.below(100)}`],
  [1, dice => 'l'.repeat(dice.between(900, 4000))],
  [1, dice => dice.pick(['MAIL FROM:<admin@example.test>', 'RCPT TO:<bob@example.test>', 'DATA', 'QUIT', 'RSET'])],
];

const FIELDS: readonly Weighted<(dice: Dice) => string>[] = [
  [10, dice => `Subject: ${dice.below(1000)}`],
  [4, () => 'From: Ann <ann@client.test>'],
  [2, () => 'Date: Mon, 23 Nov 2026 12:00:00 +0000'],
  [2, () => 'Message-ID: <1@client.test>'],
  [2, () => 'Received: from one by two; Mon, 23 Nov 2026 12:00:00 +0000'],
  [2, () => ' folded'],
  [1, () => 'no field at all'],
  [1, () => 'Nul\0: x'],
  [1, () => 'Bare: a\nb'],
  [1, () => 'Empty:'],
];

/** What may stand between two lines. Nearly always what should. */
const ENDS: readonly Weighted<string>[] = [
  [400, '\r\n'],
  [2, '\n'],
  [2, '\r'],
  [1, '\n\r'],
  [1, '\r\r\n'],
];

/** What closes content; some only look as if they did. */
const CLOSERS: readonly Weighted<string>[] = [
  [60, '\r\n.\r\n'],
  [2, '.\r\n'],
  [1, '\n.\n'],
  [1, '\r\n.\n'],
  [1, '\n.\r\n'],
  [1, '\r.\r'],
  [1, '\r\n.\r'],
  [1, '\r\n. \r\n'],
  [1, '\r\n..\r\n'],
  [1, '\r\n\0.\r\n'],
];

/** Content that nobody has a reason to refuse, stuffed and ended. */
export function plainContent(dice: Dice): string {
  const lines = dice.times(dice.between(0, 6), () => dice.pick(['text', '', '..', '...x', 'To: nobody', ' x']));
  return ['Subject: plain', '', ...lines, '.', ''].join('\r\n');
}

/** Content of some hundred kilobytes, with something in the middle. */
export function largeContent(dice: Dice): string {
  const many = () => `${'text '.repeat(14)}\r\n`.repeat(dice.between(1000, 5000));
  return `Subject: large\r\n\r\n${many()}${anyContent(dice)}${many()}.\r\n`;
}

/** Any content. It may go on behind its end, or have none. */
export function anyContent(dice: Dice): string {
  const fields = dice.times(dice.between(0, 4), () => dice.weighted(FIELDS)(dice));
  const lines = dice.times(dice.between(0, 8), () => dice.weighted(LINES)(dice));
  const all = [...fields, ...(dice.chance(0.9) ? [''] : []), ...lines];
  const [first = '', ...others] = all;
  const text = others.reduce((before, line) => `${before}${dice.weighted(ENDS)}${line}`, first);
  return `${text}${dice.weighted(CLOSERS)}`;
}

/** Parts in the binary encoding, or what claims to be some (RFC 2045 section 6.2). */
export function binaryContent(dice: Dice): string {
  const encoding = dice.pick(['binary', 'Binary', '8bit', 'base64', 'x-odd', '']);
  const type = dice.pick(['application/octet-stream', 'text/plain', 'message/rfc822']);
  const part = `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${dice.octets(dice.between(0, 60))}`;
  if (dice.chance(0.3)) return part;
  const own = dice.chance(0.5) ? 'Content-Transfer-Encoding: binary\r\n' : '';
  const top = `MIME-Version: 1.0\r\n${own}Content-Type: multipart/mixed; boundary=b\r\n`;
  return `${top}\r\n--b\r\n${part}\r\n--b--${dice.pick(['\r\n', ''])}`;
}

/** Content without dots of the transport and without an end, as BDAT sends it (RFC 3030). */
export function chunkOctets(dice: Dice): string {
  return anyContent(dice).slice(
    0,
    dice.weighted([
      [3, undefined],
      [1, dice.between(0, 30)],
    ]),
  );
}
