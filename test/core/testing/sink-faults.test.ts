/** Each way in which a next hop can go wrong, seen by a client that says exactly what it is told to. */
import { type SinkFaults, type SinkSettings, smtpClient, smtpSink } from 'mailframe/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';

async function sinkWith(faults: SinkFaults, settings: SinkSettings = {}) {
  const sink = await smtpSink({ ...settings, faults });
  onTestFinished(() => sink.close());
  return sink;
}

async function client(port: number, patience = 10_000) {
  const made = await smtpClient(port, { patience });
  onTestFinished(() => made.close());
  return made;
}

const failed = (what: Promise<unknown>) =>
  what.then(
    () => 'it went well',
    (error: Error) => error.message,
  );
const ENDED = 'the server ended the session';
const TO_DATA = ['EHLO client.test', 'MAIL FROM:<a@a.test>', 'RCPT TO:<b@b.test>'];
const MAIL = 'Subject: x\n\nbody\n';

describe('a next hop', () => {
  test('says anything at all in the place of a reply, and goes on, closes or falls silent', async () => {
    const odd = await sinkWith({
      ehlo: { kind: 'says', octets: 'what?\r\n250 yes\r\n' },
      mail: { kind: 'says', octets: '421 4.3.2 Bye\r\n', and: 'close' },
    });
    const one = await client(odd.port);
    expect((await one.say('EHLO a')).lines).toEqual(['what?', '250 yes']);
    expect(await one.say('MAIL FROM:<a@a.test>')).toMatchObject({ code: 421 });
    expect(await failed(one.say('NOOP'))).toBe(ENDED);
    const silent = await sinkWith({ connect: { kind: 'says', octets: '220-no en', and: 'fall-silent' } });
    expect(await failed(client(silent.port, 30))).toContain('within 30 ms');
  });

  test('is late, or says its replies in pieces, and keeps their order', async () => {
    const slow = await sinkWith({ ehlo: { kind: 'late', after: 20 }, mail: { kind: 'drips', octets: 3, every: 1 } });
    const one = await client(slow.port);
    const replies = await one.sayAll([...TO_DATA, 'NOOP']);
    expect(replies.map(({ code, status }) => [code, status])).toEqual([
      [250, null],
      [250, '2.1.0'],
      [250, '2.1.5'],
      [250, '2.0.0'],
    ]);
  });

  test('never ends its reply', async () => {
    const endless = await sinkWith({ ehlo: { kind: 'endless', line: '250-more' } });
    const one = await client(endless.port, 30);
    expect(await failed(one.say('EHLO a'))).toContain('within 30 ms');
  });

  test('loses the reply to a mail that it has taken', async () => {
    const lossy = await sinkWith({ content: { kind: 'does-and-drops' } });
    const one = await client(lossy.port);
    await one.sayAll(TO_DATA);
    expect(await failed(one.data(MAIL))).toBe(ENDED);
    expect(lossy.mails).toHaveLength(1);
  });

  test('breaks midway, by DATA and by BDAT', async () => {
    const broken = await sinkWith({ midway: 10 }, { extensions: ['CHUNKING', 'PIPELINING'] });
    for (const send of ['DATA', 'BDAT 100 LAST']) {
      const one = await client(broken.port);
      await one.sayAll(TO_DATA);
      one.write(`${send}\r\n`);
      if (send === 'DATA') await one.reply();
      one.write('x'.repeat(50));
      expect(await failed(one.reply())).toBe(ENDED);
    }
    expect(broken.mails).toEqual([]);
  });

  test('closes behind a mail, and answers HELO, RSET and NOOP with faults', async () => {
    const closing = await sinkWith({
      content: { kind: 'closes-after' },
      helo: '550 5.5.0 No',
      rset: '451 4.0.0 No',
      noop: '421 4.0.0 No',
    });
    const one = await client(closing.port);
    expect(await one.say('HELO a')).toMatchObject({ code: 550 });
    expect(await one.say('RSET')).toMatchObject({ code: 451 });
    expect(await one.say('NOOP')).toMatchObject({ code: 421 });
    await one.sayAll(TO_DATA);
    expect(await one.data(MAIL)).toMatchObject({ code: 250 });
    expect(await failed(one.say('NOOP'))).toBe(ENDED);
  });

  test.each(['drop', 'garbage'] as const)('has no TLS after all: %s', async handshake => {
    const broken = await sinkWith({ handshake }, { tls: selfSigned('sink.test') });
    const one = await client(broken.port);
    expect(await failed(one.startTls())).not.toBe('it went well');
  });

  test('has a fault for one recipient', async () => {
    const picky = await sinkWith({ rcpt: { 'c@b.test': { kind: 'says', octets: '251 2.1.5 elsewhere\r\n' } } });
    const one = await client(picky.port);
    const [, , mine, other] = await one.sayAll([...TO_DATA, 'RCPT TO:<c@b.test>']);
    expect([mine?.code, other?.code]).toEqual([250, 251]);
  });

  test('goes wrong as scripted, one transaction after the other, and then as always', async () => {
    const scripted = await sinkWith({ content: '452 4.3.1 always' });
    scripted.next({ content: '451 4.3.0 first' }, {}, { rcpt: '550 5.1.1 third' });
    const one = await client(scripted.port);
    const send = async () => {
      await one.sayAll(TO_DATA);
      return (await one.data(MAIL)).text;
    };
    expect([await send(), await send()]).toEqual(['first', 'Taken as sink-1']);
    const other = await client(scripted.port);
    expect((await other.sayAll(TO_DATA)).at(-1)).toMatchObject({ code: 550 });
    expect(await send()).toBe('always');
    scripted.always({});
    expect(await send()).toBe('Taken as sink-2');
  });

  test('a script covers the beginning of a session', async () => {
    const scripted = await sinkWith({});
    scripted.next({ connect: 'drop' }, { connect: '421 4.3.2 Busy' });
    expect(await failed(client(scripted.port))).toBe(ENDED);
    expect((await client(scripted.port)).greeting).toMatchObject({ code: 421 });
    expect((await client(scripted.port)).greeting).toMatchObject({ code: 220 });
  });

  test('is down, and up again on the same port', async () => {
    const sink = await sinkWith({});
    await sink.down();
    expect(await failed(client(sink.port))).toContain('ECONNREFUSED');
    await sink.up();
    expect((await client(sink.port)).greeting).toMatchObject({ code: 220 });
    await sink.down();
  });
});
