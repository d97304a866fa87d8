/**
 * What a proxy says before its client speaks: PROXY headers of both versions (HAProxy's proxy-protocol.txt), right and
 * wrong ones. `PORT` stands for the port of the connection, as text or in two octets: so the listener still knows whose
 * session it is.
 */
import type { Dice } from './dice.ts';

export interface Preface {
  /** One character an octet, save the marks. */
  readonly octets: string;
  /** `wrong`: nothing is said to who sends it. */
  readonly kind: 'right' | 'wrong';
}

const TEXT_PORT = '\u{e000}';
const BINARY_PORT = '\u{e001}';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const IPV4 = `\xc0\0\x02\x07\xc0\0\x02\x01${BINARY_PORT}\0\x19`;
const IPV6 = `\x20\x01\x0d\xb8${'\0'.repeat(11)}\x07${'\0'.repeat(15)}\x01${BINARY_PORT}\0\x19`;

/** `length`: what the header says of itself. */
function binary(command: string, family: string, addresses: string, length = addresses.length + 1): string {
  return `${SIGNATURE}${command}${family}${String.fromCharCode(length >> 8, length & 0xff)}${addresses}`;
}

const RIGHT = [
  `PROXY TCP4 192.0.2.7 192.0.2.1 ${TEXT_PORT} 25\r\n`,
  `PROXY TCP6 2001:db8::7 2001:db8::1 ${TEXT_PORT} 25\r\n`,
  'PROXY UNKNOWN\r\n',
  `PROXY UNKNOWN ${'x'.repeat(60)}\r\n`,
  binary('\x21', '\x11', IPV4),
  binary('\x21', '\x21', IPV6),
  binary('\x20', '\0', '', 0),
  binary('\x21', '\x11', `${IPV4}\x04\0\x03abc`),
];

const WRONG = [
  'EHLO client.test\r\n',
  `PROXY TCP4 192.0.2.7 192.0.2.1 ${TEXT_PORT} 25\n`,
  `PROXY TCP4 192.0.2.7 192.0.2.1 ${TEXT_PORT}\r\n`,
  'PROXY TCP4 192.0.2.7 192.0.2.1 70000 25\r\n',
  `PROXY TCP4 192.0.2.700 192.0.2.1 ${TEXT_PORT} 25\r\n`,
  `PROXY TCP6 192.0.2.7 192.0.2.1 ${TEXT_PORT} 25\r\n`,
  'PROXY\r\n',
  'proxy UNKNOWN\r\n',
  `PROXY UNKNOWN ${'x'.repeat(120)}\r\n`,
  binary('\x11', '\x11', IPV4),
  binary('\x22', '\x11', IPV4),
  binary('\x21', '\x11', IPV4, 4),
  binary('\x21', '\x11', IPV4, 0xffff),
  binary('\x21', '\x11', `${IPV4}\x04\0\xffabc`),
];

/** Nearly always a right one. */
export function preface(dice: Dice): Preface {
  return dice.chance(0.9) ? { octets: dice.pick(RIGHT), kind: 'right' } : { octets: dice.pick(WRONG), kind: 'wrong' };
}

/** The octets as they are sent. */
export function withPort({ octets }: Preface, port: number): string {
  return octets.replace(TEXT_PORT, String(port)).replace(BINARY_PORT, String.fromCharCode(port >> 8, port & 0xff));
}
