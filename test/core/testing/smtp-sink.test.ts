/** The sink and the scripted client against each other, and the sink against a client that nobody here wrote. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as startTls } from 'node:tls';
import { type SinkSettings, smtpClient, smtpSink } from 'mailframe/testing';
import { createTransport } from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';

async function setup(settings: SinkSettings = {}) {
  const sink = await smtpSink(settings);
  onTestFinished(sink.close);
  const client = await smtpClient(sink.port, settings.tls?.implicit === true ? { tls: {} } : {});
  onTestFinished(client.close);
  return { sink, client };
}

const ENVELOPE = ['EHLO client.test', 'MAIL FROM:<ann@example.test>', 'RCPT TO:<bob@example.test>'];

describe('a dialogue', () => {
  test('takes a mail and shows all of it', async () => {
    const { sink, client } = await setup();
    expect(client.greeting).toEqual({
      code: 220,
      status: null,
      text: 'sink.test ESMTP',
      lines: ['220 sink.test ESMTP'],
    });
    expect((await client.say('EHLO client.test')).lines).toContain('250-PIPELINING');
    expect(await client.say('MAIL FROM:<"a>b"@example.test> SIZE=100 BODY=8BITMIME')).toEqual({
      code: 250,
      status: '2.1.0',
      text: 'OK',
      lines: ['250 2.1.0 OK'],
    });
    await client.say('RCPT TO:<bob@example.test> NOTIFY=NEVER');
    await client.say('RCPT TO:<eve@example.test>');
    expect(await client.data('Subject: x\n\n.\n..\n.dot\n')).toMatchObject({ code: 250, text: 'Taken as sink-1' });
    expect(await client.say('QUIT')).toMatchObject({ code: 221 });
    await client.closed;
    expect(sink.mails).toEqual([
      {
        greeting: 'client.test',
        tls: false,
        user: null,
        from: '<"a>b"@example.test>',
        parameters: 'SIZE=100 BODY=8BITMIME',
        recipients: [
          { path: '<bob@example.test>', parameters: 'NOTIFY=NEVER' },
          { path: '<eve@example.test>', parameters: '' },
        ],
        content: Buffer.from('Subject: x\r\n\r\n.\r\n..\r\n.dot\r\n'),
        chunks: null,
      },
    ]);
    expect(sink.commands).toContain('RCPT TO:<eve@example.test>');
    expect(sink.commands).not.toContain('Subject: x');
    expect(sink.sessions).toBe(1);
  });

  test('may be pipelined, content and what follows it included', async () => {
    const { sink, client } = await setup();
    expect((await client.sayAll(ENVELOPE)).map(({ code }) => code)).toEqual([250, 250, 250]);
    client.write('DATA\r\n.\r\nMAIL FROM:<>\r\n');
    expect([await client.reply(), await client.reply(), await client.reply()].map(({ code }) => code)).toEqual([
      354, 250, 250,
    ]);
    expect(sink.mails[0]?.content).toEqual(Buffer.alloc(0));
  });

  test('takes chunks where it offers them, in any pieces, and what follows them', async () => {
    const { sink, client } = await setup({ extensions: ['CHUNKING'] });
    await client.sayAll(ENVELOPE);
    for (const octet of 'BDAT 5\r\n.\r\n.\rBDAT 0\r\nBDAT 4 LAST\r\n\n.\r\nNOOP\r\n') client.write(octet);
    const replies = [await client.reply(), await client.reply(), await client.reply(), await client.reply()];
    expect(replies.map(({ code }) => code)).toEqual([250, 250, 250, 250]);
    expect(sink.mails).toMatchObject([{ content: Buffer.from('.\r\n.\r\n.\r\n'), chunks: [5, 0, 4] }]);
    expect(sink.commands.at(-1)).toBe('NOOP');
  });

  test('takes the octets of a chunk off the wire though it refuses them', async () => {
    const { client } = await setup({ extensions: ['CHUNKING'] });
    client.write('BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n');
    expect([await client.reply(), await client.reply()].map(({ code }) => code)).toEqual([503, 250]);
  });

  test('knows no chunks where it does not offer them', async () => {
    const { client } = await setup();
    await client.sayAll(ENVELOPE);
    expect(await client.say('BDAT 0 LAST')).toMatchObject({ code: 502 });
  });

  test('may come in any pieces', async () => {
    const { sink, client } = await setup();
    await client.sayAll(ENVELOPE);
    await client.say('DATA');
    for (const octet of '..x\r\n.\r\n') {
      client.write(octet);
      await new Promise(resolve => {
        setImmediate(resolve);
      });
    }
    expect(await client.reply()).toMatchObject({ code: 250 });
    expect(sink.mails[0]?.content.toString()).toBe('.x\r\n');
  });

  test('keeps octets that are no text', async () => {
    const { sink, client } = await setup();
    const content = Buffer.from([...Array(256).keys(), 13, 10]);
    await client.sayAll(ENVELOPE);
    await client.data(content);
    expect(sink.mails[0]?.content).toEqual(content);
  });

  test('has its order', async () => {
    const { client } = await setup();
    expect(await client.say('RCPT TO:<bob@example.test>')).toMatchObject({ code: 503 });
    expect(await client.data('')).toMatchObject({ code: 503 });
    expect(await client.say('MAIL FROM:ann')).toMatchObject({ code: 501 });
    expect(await client.say('TURN')).toMatchObject({ code: 502 });
    await client.say('MAIL FROM:<ann@example.test>');
    expect(await client.say('RSET')).toMatchObject({ code: 250 });
    expect(await client.say('RCPT TO:<bob@example.test>')).toMatchObject({ code: 503 });
    expect(await client.say('NOOP')).toMatchObject({ code: 250 });
  });
});

describe('what goes wrong', () => {
  test('a fault is the reply in its place', async () => {
    const { sink, client } = await setup({ faults: { mail: '451 4.3.0 Busy' } });
    await client.say('EHLO client.test');
    expect(await client.say('MAIL FROM:<>')).toMatchObject({ code: 451, status: '4.3.0', text: 'Busy' });
    sink.fail({ rcpt: { 'bob@example.test': '550-5.1.1 No\n550 5.1.1 such mailbox' } });
    expect(await client.say('MAIL FROM:<>')).toMatchObject({ code: 250 });
    expect(await client.say('RCPT TO:<eve@example.test>')).toMatchObject({ code: 250 });
    expect(await client.say('RCPT TO:<bob@example.test>')).toEqual({
      code: 550,
      status: '5.1.1',
      text: 'No\nsuch mailbox',
      lines: ['550-5.1.1 No', '550 5.1.1 such mailbox'],
    });
    sink.fail({ data: '554 5.0.0 No' });
    expect(await client.data('x')).toMatchObject({ code: 554 });
    sink.fail({ content: '452 4.3.1 Full' });
    expect(await client.data('x')).toMatchObject({ code: 452 });
    expect(sink.mails).toEqual([]);
  });

  test('the greeting may be a refusal', async () => {
    const { client } = await setup({ faults: { connect: '554 5.3.2 Not today' } });
    expect(client.greeting).toMatchObject({ code: 554, text: 'Not today' });
  });

  test.each(['ehlo', 'mail', 'rcpt', 'data', 'content'] as const)('the connection may end at %s', async stage => {
    const { sink, client } = await setup({ faults: { [stage]: 'drop' } });
    const dialogue = async () => {
      for (const line of ENVELOPE) await client.say(line);
      await client.data('x');
    };
    await expect(dialogue()).rejects.toThrow('the server ended the session');
    expect(await client.closed).toEqual([]);
    expect(sink.mails).toEqual([]);
  });

  test('what was said together with what breaks the connection is not heard', async () => {
    const { sink, client } = await setup({ faults: { mail: 'drop' } });
    await expect(client.sayAll(ENVELOPE)).rejects.toThrow('the server ended the session');
    expect(sink.commands).toEqual(['EHLO client.test', 'MAIL FROM:<ann@example.test>']);
  });

  test('there may be no reply at all', async () => {
    const sink = await smtpSink({ faults: { mail: 'silent' } });
    onTestFinished(sink.close);
    const client = await smtpClient(sink.port, { patience: 200 });
    await client.say('EHLO client.test');
    await expect(client.say('MAIL FROM:<>')).rejects.toThrow('no reply to MAIL FROM:<> within 200 ms');
    await client.close();
  });

  test('nobody listens after the end', async () => {
    const sink = await smtpSink();
    await sink.close();
    await sink.close();
    await expect(smtpClient(sink.port)).rejects.toThrow('ECONNREFUSED');
  });
});

describe('TLS and AUTH', () => {
  const tls = selfSigned('sink.test');

  test('STARTTLS is offered where there is a certificate, and forgets what was said before', async () => {
    const { sink, client } = await setup({ tls });
    expect((await client.say('EHLO client.test')).text).toContain('STARTTLS');
    await client.say('MAIL FROM:<>');
    expect(await client.startTls({ ca: tls.cert, servername: 'sink.test', rejectUnauthorized: true })).toMatchObject({
      code: 220,
    });
    expect(await client.say('RCPT TO:<bob@example.test>')).toMatchObject({ code: 503 });
    expect((await client.say('EHLO client.test')).text).not.toContain('STARTTLS');
    await client.sayAll(ENVELOPE.slice(1));
    await client.data('x');
    expect(sink.mails).toMatchObject([{ tls: true }]);
  });

  test('STARTTLS injection: what follows it in plain text is not believed', async () => {
    const { sink } = await setup({ tls });
    const plain = connect(sink.port, '127.0.0.1');
    await once(plain, 'data');
    plain.write('STARTTLS\r\nMAIL FROM:<mallory@example.test>\r\n');
    await once(plain, 'data');
    const secure = startTls({ socket: plain, ca: tls.cert, servername: 'sink.test' });
    secure.write('NOOP\r\n');
    expect(String((await once(secure, 'data'))[0])).toBe('250 2.0.0 OK\r\n');
    secure.destroy();
    expect(sink.commands).toEqual(['STARTTLS', 'NOOP']);
  });

  test('STARTTLS may be refused, and is not offered without a certificate', async () => {
    const refusing = await setup({ tls, faults: { starttls: '454 4.7.0 Not now' } });
    expect(await refusing.client.startTls()).toMatchObject({ code: 454 });
    expect(await refusing.client.say('NOOP')).toMatchObject({ code: 250 });
    const without = await setup();
    expect(await without.client.startTls()).toMatchObject({ code: 502 });
  });

  test('TLS may come before the greeting', async () => {
    const { sink, client } = await setup({ tls: { ...tls, implicit: true } });
    await client.sayAll(ENVELOPE);
    await client.data('x');
    expect(sink.mails).toMatchObject([{ tls: true }]);
  });

  test('AUTH is needed where it is offered', async () => {
    const { sink, client } = await setup({ auth: { user: 'ann', password: 'pw' } });
    const plain = (user: string, password: string) =>
      client.say(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`);
    expect((await client.say('EHLO client.test')).text).toContain('AUTH PLAIN');
    expect(await client.say('MAIL FROM:<>')).toMatchObject({ code: 530 });
    expect(await plain('ann', 'wrong')).toMatchObject({ code: 535 });
    expect(await plain('ann', 'pw')).toMatchObject({ code: 235 });
    await client.sayAll(ENVELOPE.slice(1));
    await client.data('x');
    expect(sink.mails).toMatchObject([{ user: 'ann' }]);
  });
});

test('nodemailer delivers to the sink', async () => {
  const { sink } = await setup({ tls: selfSigned('sink.test'), auth: { user: 'ann', password: 'pw' } });
  const transport = createTransport({
    host: '127.0.0.1',
    port: sink.port,
    auth: { user: 'ann', pass: 'pw' },
    tls: { rejectUnauthorized: false },
  });
  await transport.sendMail({
    from: 'ann@example.test',
    to: 'bob@example.test',
    subject: 'Hello',
    text: '.dots\n..\n.\n',
  });
  transport.close();
  expect(sink.mails).toMatchObject([
    { tls: true, user: 'ann', from: '<ann@example.test>', recipients: [{ path: '<bob@example.test>' }] },
  ]);
  expect(sink.mails[0]?.content.toString()).toMatch(/\r\n\r\n\.dots\r\n\.\.\r\n\.\r\n$/);
});
