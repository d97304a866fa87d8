/** Mailbox stores that nobody here wrote get mail by LMTP from a whole gateway, and say of each recipient what became of it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { DOVECOT_LMTP, dovecot } from '../support/dovecot.ts';
import { describeWithProgram } from '../support/external.ts';
import { AIOSMTPD, aiosmtpd, describeWithPeer } from '../support/peers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { belowReceived, type RunningGateway, runningGateway } from './running-gateway.ts';

const MAIL = `Subject: gr\xfc\xdfe\n\n.\n..\nFrom here\n${'many lines\n'.repeat(20_000)}`;
const THREE = ['bob@example.test', 'carl@example.test', 'dan@example.test'];

function gateway(options: object): Promise<RunningGateway> {
  return runningGateway({
    plugins: [{ use: 'lmtp-delivery', as: 'store', options }],
    routes: [{ when: { recipient: '@example.test' }, deliver: 'store' }],
  });
}

/** Sends one mail to three, and waits for what the store says. */
async function sendToThree({ port }: RunningGateway): Promise<void> {
  const client = await smtpClient(port);
  await client.say('EHLO client.test');
  await client.sayAll(['MAIL FROM:<> BODY=8BITMIME', ...THREE.map(address => `RCPT TO:<${address}>`)]);
  expect(await client.data(Buffer.from(MAIL.replaceAll('\n', '\r\n'), 'latin1'))).toMatchObject({ code: 250 });
  await client.say('QUIT');
}

/** By recipient, what the gateway logged of it: the end of its story, and the reply. */
async function ends({ log, outcomes }: RunningGateway, delivered: number, bounced: number) {
  await outcomes('delivered', delivered);
  await outcomes('bounced', bounced);
  return Object.fromEntries(
    [...log.of('delivered'), ...log.of('bounced')].map(({ event, fields }) => {
      const reply = typeof fields.reply === 'string' ? ` ${fields.reply.split(' ', 2).join(' ')}` : '';
      return [fields.recipient, `${event}${reply}`];
    }),
  );
}

describeWithProgram(DOVECOT_LMTP, 'Dovecot, by LMTP', () => {
  test.each([
    { over: 'a socket', options: {} },
    { over: 'TCP', options: { chunking: 'offered' } },
  ])('over $over: of three one is over quota, one is nobody, and one has the mail to the octet', async one => {
    const store = await dovecot({ bob: null, carl: 1000 });
    const where = one.over === 'TCP' ? { hosts: [`[127.0.0.1]:${store.port}`] } : { socket: store.socket };
    const running = await gateway({ ...where, ...one.options });
    await sendToThree(running);
    expect(await ends(running, 1, 2)).toEqual({
      'bob@example.test': 'delivered',
      'carl@example.test': 'bounced 552 5.2.2',
      'dan@example.test': 'bounced 550 5.1.1',
    });
    const [mail = '', ...others] = await store.mails('bob');
    // Dovecot puts Return-Path and a trace field of its own on top.
    expect(belowReceived(mail.slice(mail.indexOf('Received: from client.test')))).toBe(MAIL);
    expect(others).toEqual([]);
    expect(await store.mails('carl')).toEqual([]);
  });
});

describeWithPeer(AIOSMTPD, 'aiosmtpd, by LMTP', () => {
  test('over a socket, with the fields of delivery: of three one is over quota, one is nobody, and one has the mail', async () => {
    const lmtpSocket = join(await tempFolder(), 'lmtp');
    const refuse = { 'dan@example.test': '550 5.1.1 No such mailbox' };
    const refuseContent = { 'carl@example.test': '552 5.2.2 Mailbox full' };
    const store = await aiosmtpd({ lmtpSocket, refuse, refuseContent });
    const running = await gateway({ socket: lmtpSocket, fields: 'delivery' });
    await sendToThree(running);
    expect(await ends(running, 1, 2)).toEqual({
      'bob@example.test': 'delivered',
      'carl@example.test': 'bounced 552 5.2.2',
      'dan@example.test': 'bounced 550 5.1.1',
    });
    const mails = await store.mails();
    expect(mails.map(({ recipients }) => recipients)).toEqual([['<bob@example.test>'], ['<carl@example.test>']]);
    const [fields, content] = (mails[0]?.content ?? '').replaceAll('\r\n', '\n').split(/^(?=Received:)/m);
    expect(fields).toMatch(/^Return-Path: <>\nDelivered-To: bob@example\.test\nDelivery-date: .*\n$/);
    expect(belowReceived(content ?? '')).toBe(MAIL);
  });

  test('several recipients of one transaction have a reply each', async () => {
    const lmtpSocket = join(await tempFolder(), 'lmtp');
    const refuseContent = { 'carl@example.test': '552 5.2.2 Mailbox full' };
    const store = await aiosmtpd({ lmtpSocket, refuseContent });
    const running = await gateway({ socket: lmtpSocket });
    await sendToThree(running);
    expect(await ends(running, 2, 1)).toEqual({
      'bob@example.test': 'delivered',
      'carl@example.test': 'bounced 552 5.2.2',
      'dan@example.test': 'delivered',
    });
    expect(await store.mails()).toHaveLength(1);
  });
});
