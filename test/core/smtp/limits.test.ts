import { expect, test } from 'vitest';
import { accept } from '../../../core/mail/verdict.ts';
import { until } from '../../support/until.ts';
import { link } from '../chain/chain-of.ts';
import { gateway, inData, LIMITS } from './gateway.ts';
import { mounted } from './plugins.ts';
import type { RawClient } from './raw-client.ts';

test('clients beyond the limit are told to come later, and there is room again when one leaves', async () => {
  const its = await gateway({ limits: { connections: 1 } });
  const first = await its.greeted();
  const second = await its.connect();
  expect(await second.rest()).toEqual(['421 4.7.0 Too many connections, try again later']);
  second.finish();
  await first.command('QUIT');
  first.finish();
  await first.rest();
  while (its.pinned() > 0) await new Promise(resolve => setImmediate(resolve));
  expect(await (await its.connect()).reply()).toEqual(['220 mx.example.test ESMTP']);
});

test('a client beyond its own limit is told to come later, the log says so once, and others come in', async () => {
  const its = await gateway({ limits: { perClient: { ...LIMITS.perClient, connections: 1 } } });
  const first = await its.greeted();
  for (let tried = 0; tried < 3; tried += 1) {
    expect(await (await its.connect()).rest()).toEqual(['421 4.7.0 Too many connections, try again later']);
  }
  const refusals = its.log.of('refused');
  expect(refusals.map(({ level, fields }) => [level, fields.because])).toEqual([
    ['info', 'too many connections of 127.0.0.1'],
    ['debug', 'too many connections of 127.0.0.1'],
    ['debug', 'too many connections of 127.0.0.1'],
  ]);
  await first.command('QUIT');
  await until(() => expect(its.pinned()).toBe(0));
  await its.greeted();
});

test('a client that sends too much in a window is told to come later, mail by mail and recipient by recipient', async () => {
  const perClient = { ...LIMITS.perClient, mails: 2, recipients: 1 };
  const its = await gateway({ limits: { perClient, window: 60_000 }, links: mounted('our-domains') });
  const client = await its.greeted();
  await client.command('EHLO client.test');
  await client.command('MAIL FROM:<ann@client.test>');
  expect(await client.command('RCPT TO:<bob@example.test>')).toBe('250 2.1.5 Ok');
  expect(await client.command('RCPT TO:<eve@example.test>')).toBe(
    '450 4.7.1 Too many recipients from your address, try again later',
  );
  await client.command('RSET');
  expect(await client.command('MAIL FROM:<ann@client.test>')).toBe('250 2.1.0 Ok');
  await client.command('RSET');
  expect(await client.command('MAIL FROM:<ann@client.test>')).toBe(
    '450 4.7.1 Too much mail from your address, try again later',
  );
  await its.clock.advance(50_000);
  await client.command('NOOP');
  await its.clock.advance(50_000);
  await client.command('NOOP');
  await its.clock.advance(20_000);
  expect(await client.command('MAIL FROM:<ann@client.test>')).toBe('250 2.1.0 Ok');
});

const IDLE = '421 4.4.2 No command for too long, closing the connection';
const SLOW = '421 4.4.2 Too slow, closing the connection';

/** Something that the listener has read comes back as a reply, so what was sent before it was read too. */
async function wasRead(client: RawClient): Promise<void> {
  expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
}

test('a client that says nothing is sent away', async () => {
  const its = await gateway({ limits: { idle: 20_000 } });
  const client = await its.greeted();
  await its.clock.advance(19_000);
  await wasRead(client);
  await its.clock.advance(19_000);
  await wasRead(client);
  await its.clock.advance(22_000);
  expect(await client.rest()).toEqual([IDLE]);
});

test('a client that stops in the middle of its content is sent away, and nothing is queued', async () => {
  const its = await gateway({ limits: { idle: 20_000 }, links: mounted('our-domains') });
  const client = await its.greeted();
  await inData(client);
  client.send('Subject: hello\r\n');
  await its.clock.advance(42_000);
  expect(await client.rest()).toEqual([IDLE]);
  expect(its.committed).toEqual([]);
});

test('a client that waits for our answer is not idle', async () => {
  const answer = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const slow = link('slow', {
    rcpt: async () => {
      asked.resolve();
      await answer.promise;
      return accept;
    },
  });
  const its = await gateway({ limits: { idle: 20_000, command: 20_000, session: 20_000 }, links: [slow] });
  const client = await its.greeted();
  await client.command('HELO client.test');
  await client.command('MAIL FROM:<ann@client.test>');
  client.send('RCPT TO:<bob@example.test>\r\n');
  await asked.promise;
  await its.clock.advance(25_000);
  answer.resolve();
  expect(await client.reply()).toEqual(['250 2.1.5 Ok']);
});

test('slowloris: a command that comes octet by octet is not waited for for ever', async () => {
  const its = await gateway({ limits: { idle: 20_000, command: 60_000 } });
  const client = await its.greeted();
  for (let sent = 0; sent < 7; sent += 1) {
    client.send('x');
    await its.clock.advance(10_000);
  }
  expect(await client.rest()).toEqual([SLOW]);
});

test('slow content: a client that trickles its mail is sent away, one that is quick enough is not', async () => {
  const limits = { idle: 20_000, contentRate: 10 };
  const its = await gateway({ limits, links: mounted('our-domains') });
  const [slow, quick] = [await its.greeted(), await its.greeted()];
  for (const client of [slow, quick]) await inData(client);
  for (let second = 0; second < 40; second += 1) {
    slow.send('x');
    quick.send('Subject: hello, everybody\r\n');
    await its.clock.advance(1000);
  }
  expect(await slow.rest()).toEqual([SLOW]);
  expect(await quick.command('\r\n.')).toBe('250 2.0.0 Ok: queued as Q2');
});

test('a session that has lasted too long ends when its command is over', async () => {
  const its = await gateway({ limits: { session: 3_600_000 } });
  const client = await its.greeted();
  for (let minute = 0; minute < 60; minute += 1) {
    await wasRead(client);
    await its.clock.advance(60_000);
  }
  await its.clock.advance(2000);
  expect(await client.rest()).toEqual(['421 4.4.2 The session has lasted too long, connect again']);
});

test('a client that never reads its replies is not answered for ever', async () => {
  const its = await gateway({ limits: { commands: 10_000_000, idle: 20_000 } });
  const client = await its.greeted();
  client.deafen();
  const flood = Buffer.from('NOOP\r\n'.repeat(100_000));
  for (let sent = 0; sent < 20; sent += 1) client.send(flood);
  await until(async () => {
    await its.clock.advance(30_000);
    expect(its.pinned()).toBe(0);
  });
});

test('a line that is too long is refused, and the session goes on', async () => {
  const its = await gateway({ limits: { commandLine: 1000, errors: 3 } });
  const client = await its.greeted();
  expect(await client.command('x'.repeat(1001))).toBe('500 5.5.2 Line too long');
  expect(await client.command(`NOOP ${'x'.repeat(995)}`)).toBe('250 2.0.0 Ok');
  client.send('x'.repeat(50_000));
  expect(await client.command('')).toBe('500 5.5.2 Line too long');
  client.send(`${'x'.repeat(2000)}\r\n`);
  expect(await client.rest()).toEqual(['500 5.5.2 Line too long', '421 4.7.0 Too many errors']);
});

test('a client that keeps quiet for the pause is greeted, one that talks is not', async () => {
  const its = await gateway({ limits: { greetingPause: 3000 } });
  const [quiet, talker] = [await its.connect(), await its.connect()];
  talker.send('EHLO client.test\r\n');
  expect(await talker.rest()).toEqual(['421 4.7.0 You talk before you were greeted']);
  await its.clock.asleep();
  await its.clock.advance(3000);
  expect(await quiet.reply()).toEqual(['220 mx.example.test ESMTP']);
});

test('commands that bring no mail are borne up to a number, and a mail begins the count anew', async () => {
  const its = await gateway({ limits: { commands: 5 }, links: mounted('our-domains') });
  const client = await its.greeted();
  for (let round = 0; round < 3; round += 1) {
    await inData(client);
    await client.command('.');
    for (let idle = 0; idle < 4; idle += 1) await wasRead(client);
  }
  await client.command('RSET');
  client.send('NOOP\r\n');
  expect(await client.rest()).toEqual(['250 2.0.0 Ok', '421 4.7.0 Too many commands that bring no mail']);
});

test('a session has so many transactions and no more', async () => {
  const its = await gateway({ limits: { transactions: 2 }, links: mounted('our-domains') });
  const client = await its.greeted();
  await inData(client);
  await client.command('.');
  await client.command('MAIL FROM:<ann@client.test>');
  await client.command('RSET');
  client.send('MAIL FROM:<ann@client.test>\r\n');
  expect(await client.rest()).toEqual(['421 4.7.0 Enough mails for one session, connect again']);
});

test('dictionary attack: a client that guesses recipients is sent away', async () => {
  const its = await gateway();
  const client = await its.greeted();
  client.send(`HELO client.test\r\nMAIL FROM:<ann@client.test>\r\n${'RCPT TO:<a@example.test>\r\n'.repeat(150)}`);
  const said = await client.rest();
  expect(said.filter(line => line.startsWith('550'))).toHaveLength(100);
  expect(said.at(-1)).toBe('421 4.7.0 Too many errors');
});

test('recipients past the limit cost those before it nothing, and do not go on for ever', async () => {
  const its = await gateway({ limits: { recipients: 2, errors: 5 }, links: mounted('our-domains') });
  const client = await its.greeted();
  await client.command('EHLO client.test');
  const said = async (count: number) => {
    await client.command('MAIL FROM:<ann@client.test>');
    const replies: string[] = [];
    for (let number = 0; number < count; number += 1) {
      replies.push((await client.command(`RCPT TO:<bob${number}@example.test>`)).slice(0, '452'.length));
    }
    return replies;
  };
  expect(await said(8)).toEqual(['250', '250', '452', '452', '452', '452', '452', '452']);
  await client.command('DATA');
  expect(await client.command('\r\nx\r\n.')).toBe('250 2.0.0 Ok: queued as Q1');
  expect(await said(9)).toEqual(['250', '250', ...Array<string>(7).fill('452')]);
  expect(await client.rest()).toEqual(['421 4.7.0 Too many errors']);
});

test('a mail loop is refused by its hops', async () => {
  const its = await gateway({ links: mounted('our-domains') });
  const hops = (count: number) => `${'Received: from here by there\r\n'.repeat(count)}\r\n.`;
  const client = await its.greeted();
  await inData(client);
  expect(await client.command(hops(100))).toBe('250 2.0.0 Ok: queued as Q1');
  await inData(client);
  expect(await client.command(hops(101))).toBe('554 5.4.6 Too many hops, this looks like a mail loop');
});
