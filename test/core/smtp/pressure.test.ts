/** What clients hear while the queue cannot keep up. */
import { expect, test } from 'vitest';
import { CANNOT_KEEP_UP } from '../../../core/queue/commit-line.ts';
import { gateway, inData } from './gateway.ts';
import { mounted } from './plugins.ts';

test('MAIL is refused with 451 while the queue cannot keep up, and taken when it can again', async () => {
  let behind = true;
  const its = await started({ busy: () => (behind ? CANNOT_KEEP_UP : null) });
  const client = await its.greeted();
  await client.command('EHLO client.test');
  expect(await client.command('MAIL FROM:<ann@client.test>')).toMatch(/^451 4\.3\.2 /);
  expect(its.log.of('refused')).toHaveLength(1);
  behind = false;
  expect(await client.command('MAIL FROM:<ann@client.test>')).toMatch(/^250 /);
});

test('whoever lets a mail wait for its turn learns that its session was cut off meanwhile', async () => {
  const waiting = Promise.withResolvers<() => boolean>();
  const turn = Promise.withResolvers<void>();
  const its = await started({
    async commit(_, hasGone) {
      waiting.resolve(hasGone);
      await turn.promise;
      if (hasGone()) throw new Error('nobody waits for it');
    },
  });
  const client = await its.greeted();
  await inData(client);
  client.send('Subject: hello\r\n\r\n.\r\n');
  const hasGone = await waiting.promise;
  expect(hasGone()).toBe(false);
  const closed = its.listener.close(AbortSignal.abort());
  expect(hasGone()).toBe(true);
  turn.resolve();
  await closed;
  expect(its.committed).toEqual([]);
  expect(its.log.of('left')).toHaveLength(1);
  expect(its.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

function started(setting: Parameters<typeof gateway>[0]) {
  return gateway({ links: mounted('our-domains'), ...setting });
}
