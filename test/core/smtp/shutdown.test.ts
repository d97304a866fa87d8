import { describe, expect, test } from 'vitest';
import { accept } from '../../../core/mail/verdict.ts';
import { link } from '../chain/chain-of.ts';
import { gateway, inData } from './gateway.ts';
import { mounted } from './plugins.ts';

const never = () => new AbortController().signal;

/** A promise, and the way to settle it. */
const gate = () => Promise.withResolvers<void>();

test('a session in DATA gets its reply, then 421, and only then is the listener closed', async () => {
  const its = await gateway({ links: mounted('our-domains') });
  const client = await its.greeted();
  await inData(client);
  const closed = its.listener.close(never());
  client.send('Subject: hello\r\n\r\nbody\r\n.\r\nNOOP\r\n');
  expect(await client.rest()).toEqual(['250 2.0.0 Ok: queued as Q1', '421 4.3.2 Shutting down, try again later']);
  await closed;
  expect(its.committed).toHaveLength(1);
  expect(its.pinned()).toBe(0);
});

test('a closed listener takes no client', async () => {
  const its = await gateway();
  await its.listener.close(never());
  await expect(its.connect()).rejects.toThrow('ECONNREFUSED');
});

test('a plugin that never answers does not keep a listener open beyond the grace', async () => {
  const asked = gate();
  const hung = link('hung', {
    rcpt: () => {
      asked.resolve();
      return new Promise<undefined>(() => undefined);
    },
  });
  const its = await gateway({ links: [hung] });
  const client = await its.greeted();
  await client.command('HELO client.test');
  await client.command('MAIL FROM:<ann@client.test>');
  client.send('RCPT TO:<bob@example.test>\r\n');
  await asked.promise;
  const grace = new AbortController();
  const closed = its.listener.close(grace.signal);
  grace.abort();
  await closed;
  expect(await client.rest()).toEqual([]);
  expect(its.pinned()).toBe(0);
});

test('a commit that has begun is waited for, even beyond the grace', async () => {
  const begun = gate();
  const durable = gate();
  const its = await gateway({
    links: mounted('our-domains'),
    async commit() {
      begun.resolve();
      await durable.promise;
    },
  });
  const client = await its.greeted();
  await inData(client);
  client.send('Subject: hello\r\n\r\n.\r\n');
  await begun.promise;
  let over = false;
  const closed = its.listener.close(AbortSignal.abort()).then(() => {
    over = true;
  });
  expect(await client.rest()).toEqual([]);
  expect(over).toBe(false);
  durable.resolve();
  await closed;
  expect(its.committed).toHaveLength(1);
});

test('what is not being committed when the grace ends is not accepted', async () => {
  const asked = gate();
  const answer = gate();
  const slow = link('slow', {
    rcpt: () => accept,
    data: async () => {
      asked.resolve();
      await answer.promise;
    },
  });
  const its = await gateway({ links: [slow] });
  const client = await its.greeted();
  await inData(client);
  client.send('Subject: hello\r\n\r\n.\r\n');
  await asked.promise;
  await its.listener.close(AbortSignal.abort());
  answer.resolve();
  await new Promise(resolve => setImmediate(resolve));
  expect(its.committed).toEqual([]);
});

describe('a client that is just being greeted', () => {
  test('hears 421 in place of the greeting', async () => {
    const asked = gate();
    const answer = gate();
    const slow = link('slow', {
      connect: async () => {
        asked.resolve();
        await answer.promise;
      },
    });
    const its = await gateway({ links: [slow] });
    const client = await its.connect();
    await asked.promise;
    const closed = its.listener.close(never());
    answer.resolve();
    expect(await client.rest()).toEqual(['421 4.3.2 Shutting down, try again later']);
    await closed;
  });
});
