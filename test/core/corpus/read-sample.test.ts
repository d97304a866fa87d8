import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ArrivalFacts } from '../../../core/corpus/arrival.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { arrivals } from './listed.ts';

async function arrival(octets: string, given: ArrivalFacts = {}, hostnames: readonly string[] = []) {
  const file = join(await tempFolder(), 'one.eml');
  await writeFile(file, octets, 'latin1');
  const [one] = await arrivals([file], given, hostnames);
  if (one === undefined) throw new Error('there is no message');
  return one;
}

const AUTHORED =
  'From: Ann <ann@author.test>\nTo: bob@example.test\nCc: Lee <lee@example.test>, bob@example.test\n\nHello.\n';

describe('the envelope', () => {
  test.each([
    [
      'by From, To and Cc',
      AUTHORED,
      { from: 'ann@author.test', to: ['bob@example.test', 'lee@example.test'], source: 'header' },
    ],
    [
      'by what delivery wrote down',
      `Return-Path: <list@client.test>\nDelivered-To: real@example.test\nX-Original-To: alias@example.test\n${AUTHORED}`,
      { from: 'list@client.test', to: ['alias@example.test'], source: 'delivery-fields' },
    ],
    ['by a null Return-Path', `Return-Path: <>\n${AUTHORED}`, { from: '', source: 'header' }],
    ['by a From_ line', `From list@client.test Thu Nov 26 03:00:00 2026\n${AUTHORED}`, { from: 'list@client.test' }],
    ['by the From_ line of a notification', `From MAILER-DAEMON Thu Nov 26 03:00:00 2026\n${AUTHORED}`, { from: '' }],
    ['by nothing', 'Subject: x\n\nHello.\n', { to: [], source: 'nowhere' }],
  ])('%s', async (_, octets, envelope) => {
    expect(await arrival(octets)).toMatchObject(envelope);
  });

  test('what people say goes before what stands in the header', async () => {
    const given = { from: 'me@client.test', to: ['you@example.test'], ip: '192.0.2.1' };
    const delivered = `Return-Path: <list@client.test>\nDelivered-To: real@example.test\n${AUTHORED}`;
    expect(await arrival(delivered, given)).toMatchObject({ ...given, source: 'options' });
  });
});

describe('the client', () => {
  const received = (by: string) =>
    `Received: from client.test (mail.client.test [IPv6:2001:db8::7])\n\tby ${by} with ESMTPS id 06F3K;\n\tThu, 26 Nov 2026 03:00:00 +0000\n`;

  test('is the one that our own Received field names', async () => {
    const octets = `Received: from mx.example.test ([127.0.0.1]) by imap.example.test with LMTP; x\n${received('MX.example.test')}${AUTHORED}`;
    expect(await arrival(octets, {}, ['mx.example.test'])).toMatchObject({ ip: '2001:db8::7', helo: 'client.test' });
  });

  test('is not believed to anybody else', async () => {
    expect(await arrival(received('elsewhere.test') + AUTHORED, {}, ['mx.example.test'])).not.toHaveProperty('ip');
  });
});

describe('the content', () => {
  const crlf = AUTHORED.replaceAll('\n', '\r\n');

  test('has CRLF line ends', async () => {
    expect((await arrival(AUTHORED)).text).toBe(crlf);
  });

  test('that is stored with CRLF is left as it is: a line end that stands alone is for the gateway to judge', async () => {
    expect((await arrival(`${crlf}alone\nhere\r\n`)).text).toBe(`${crlf}alone\nhere\r\n`);
  });

  test('has nothing on top that came after it was sent', async () => {
    const ours = 'Received: from c.test ([192.0.2.1])\n\tby mx.example.test with SMTP id 1; x\n';
    const theirs = 'Received: from d.test by c.test; x\nDelivered-To: inner@client.test\n';
    const top = `From x Thu Nov 26 03:00:00 2026\nReturn-Path: <a@b.test>\nDelivered-To: bob@example.test\n${ours}`;
    const { text } = await arrival(top + theirs + AUTHORED, {}, ['mx.example.test']);
    expect(text).toBe(theirs.replaceAll('\n', '\r\n') + crlf);
  });
});
