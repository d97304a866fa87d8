import { expect, test } from 'vitest';
import { accept } from '../../../core/mail/verdict.ts';
import { link } from '../chain/chain-of.ts';
import { gateway, inData } from './gateway.ts';
import { mounted } from './plugins.ts';

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

test('a client that says nothing is sent away', async () => {
  const its = await gateway({ limits: { idle: 20 } });
  const client = await its.greeted();
  expect(await client.rest()).toEqual(['421 4.4.2 No command for too long, closing the connection']);
});

test('a client that stops in the middle of its content is sent away, and nothing is queued', async () => {
  const its = await gateway({ limits: { idle: 20 }, links: mounted('our-domains') });
  const client = await its.greeted();
  await inData(client);
  client.send('Subject: hello\r\n');
  expect(await client.rest()).toEqual(['421 4.4.2 No command for too long, closing the connection']);
  expect(its.committed).toEqual([]);
});

test('a client that waits for our answer is not idle', async () => {
  const answer = Promise.withResolvers<void>();
  const slow = link('slow', {
    rcpt: async () => {
      await answer.promise;
      return accept;
    },
  });
  const its = await gateway({ limits: { idle: 20 }, links: [slow] });
  const other = await its.greeted();
  const client = await its.greeted();
  await client.command('HELO client.test');
  await client.command('MAIL FROM:<ann@client.test>');
  client.send('RCPT TO:<bob@example.test>\r\n');
  // By then the time of the slow one has passed as well.
  await other.rest();
  answer.resolve();
  expect(await client.reply()).toEqual(['250 2.1.5 Ok']);
});

test('a line that never ends is refused', async () => {
  const its = await gateway();
  const client = await its.greeted();
  client.send('x'.repeat(20_000));
  expect(await client.rest()).toEqual(['500 5.5.2 Line too long']);
});

test('dictionary attack: a client that guesses recipients is sent away', async () => {
  const its = await gateway();
  const client = await its.greeted();
  client.send(`HELO client.test\r\nMAIL FROM:<ann@client.test>\r\n${'RCPT TO:<a@example.test>\r\n'.repeat(150)}`);
  const said = await client.rest();
  expect(said.filter(line => line.startsWith('550'))).toHaveLength(100);
  expect(said.at(-1)).toBe('421 4.7.0 Too many errors');
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
