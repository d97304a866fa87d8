/** Mail that requires TLS, through a whole gateway: into a mailbox, or back with as little as may be shown (RFC 8689). */
import { expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { smtpSink } from '../../core/testing/smtp-sink.ts';
import { selfSigned } from '../support/certificate.ts';
import { until } from '../support/until.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

const { cert, key } = selfSigned('mx.example.test');
const ZONES = {
  'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
  'mail.elsewhere.test': { A: ['127.0.0.1'] },
} as const;
const CONTENT = 'Subject: confidential\n\nThe secret itself.\n';

/** A gateway with TLS, and a next hop for elsewhere.test that offers REQUIRETLS in the clear, and no TLS. */
async function setup() {
  const sink = await smtpSink({ extensions: ['REQUIRETLS', 'DSN'] });
  onTestFinished(sink.close);
  const gateway = await runningGateway({
    listeners: [{ id: 'inbound', tls: { cert: './cert.pem', key: './key.pem' } }],
    nextHopPort: sink.port,
    zones: ZONES,
    files: { 'cert.pem': cert, 'key.pem': key },
  });
  return { sink, gateway };
}

async function send({ port }: RunningGateway, from: string, to: string): Promise<void> {
  const client = await smtpClient(port);
  await client.say('EHLO client.test');
  await client.startTls();
  expect((await client.say('EHLO client.test')).lines.join('\n')).toContain('REQUIRETLS');
  const replies = await client.sayAll([`MAIL FROM:<${from}> REQUIRETLS RET=FULL`, `RCPT TO:<${to}>`]);
  expect(replies.map(({ code }) => code)).toEqual([250, 250]);
  expect(await client.data(CONTENT)).toMatchObject({ code: 250 });
  await client.close();
}

test('a mailbox of ours is the end of the way', async () => {
  const { gateway } = await setup();
  await send(gateway, 'ann@client.test', 'bob@example.test');
  expect((await gateway.mails('bob', 1))[0]?.content).toContain('The secret itself.');
});

test('a next hop without TLS gets nothing, and the sender gets the header back', async () => {
  const { gateway, sink } = await setup();
  await send(gateway, 'ann@example.test', 'bob@elsewhere.test');
  const [report] = await gateway.mails('ann', 1);
  expect(report?.content).toContain('Status: 5.7.10\n');
  expect(report?.content).toContain('Subject: confidential');
  expect(report?.content).not.toContain('The secret itself.');
  expect(sink.mails).toEqual([]);
  expect(sink.commands.join('\n')).not.toContain('MAIL');
});

test('a notification that no protected way leads to is sent all the same, without claiming one', async () => {
  const { gateway, sink } = await setup();
  await send(gateway, 'ann@elsewhere.test', 'bob@elsewhere.test');
  await until(() => expect(sink.mails).toHaveLength(1));
  expect(sink.mails[0]).toMatchObject({ from: '<>', recipients: [{ path: '<ann@elsewhere.test>' }] });
  expect(sink.mails[0]?.parameters).not.toContain('REQUIRETLS');
  expect(sink.mails[0]?.content.toString()).not.toContain('The secret itself.');
});
