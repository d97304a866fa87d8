/** The mail that every program is given: whatever a careless machine would change stands in it. */
import { expect } from 'vitest';
import type { ReadMail } from '../plugins/mbox-delivery/mboxrd-reader.ts';
import { belowReceived } from './running-gateway.ts';

/** One character an octet, LF line ends. */
export const MAIL = [
  'From: Ann <ann@client.test>',
  'To: Bob <bob@example.test>',
  'Date: Mon, 23 Nov 2026 09:30:00 +0000',
  'Message-ID: <1@client.test>',
  'Subject: octets',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=iso-8859-1',
  'Content-Transfer-Encoding: 8bit',
  'X-Folded: one',
  ' \ttwo ',
  '',
  '.',
  '.. two dots',
  'From the first column',
  '>From a quotation',
  'gr\xfc\xdfe\t \xa0 ',
  '',
  'the end',
  '',
].join('\n');

/** The octets of the same, with LF line ends. */
export const OCTETS = Buffer.from(MAIL, 'latin1');

/** As it stands between DATA and the final dot, the final dot included. */
export const DOTTED = Buffer.from(`${MAIL.replaceAll(/^\./gm, '..').replaceAll('\n', '\r\n')}.\r\n`, 'latin1');

/** These mails are all that mail, unchanged. */
export function expectUnchanged(mails: readonly ReadMail[]): void {
  expect(mails.map(mail => belowReceived(mail.content))).toEqual(mails.map(() => MAIL));
}
