/** A gateway that defers, is full or shuts down while Postfix talks to it: Postfix keeps the mail, and delivers it once. */
import { expect, test } from 'vitest';
import { defer, definePlugin, type Plugin } from '../../core/index.ts';
import type { PluginInstance } from '../../core/plugin/plugin.ts';
import type { QueueStore } from '../../core/plugin/queue-store.ts';
import { memoryStore } from '../../core/queue/memory-store.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX } from '../support/postfix.ts';
import { until } from '../support/until.ts';
import { chainForAll, send } from './postfix-chain.ts';
import { startedIn } from './running-gateway.ts';

const CONTENT = 'Subject: outage\r\n\r\nx\r\n';
const STAGES = ['connect', 'helo', 'mail', 'rcpt', 'data', 'queue'] as const;
type Stage = (typeof STAGES)[number];

/** Does something at one stage of each session. */
function at(stage: Stage, act: () => ReturnType<typeof defer> | undefined): Plugin {
  return definePlugin({ name: 'interference', create: (): PluginInstance => ({ [stage]: act }) });
}

/** Under load. */
const SESSIONS = 6;
const MAILS = 12;

const FIRST = [{ use: 'interference' }];

describeWithPeer(POSTFIX, 'Postfix before a gateway in trouble', () => {
  const chain = chainForAll();

  /** Waits until a mail for the address lies in the queue of the first Postfix, for this reason. */
  const keptBecause = (address: string, reason: RegExp) =>
    until(async () => {
      const queue = await chain().a.queue();
      const recipient = queue.flatMap(({ recipients }) => recipients).find(one => one.address === address);
      expect(recipient?.reason).toMatch(reason);
    });

  test.each(STAGES)('451 at %s: kept, and delivered once when it is over', async stage => {
    const { a, gateway, quiet } = chain();
    let trouble = true;
    const brought = [at(stage, () => (trouble ? defer(451, '4.3.0', 'Come again') : undefined))];
    const between = await gateway({ plugins: FIRST, brought });
    const address = `deferred-${stage}@b.test`;
    await send(a.port, { to: [address], content: CONTENT });
    await keptBecause(address, /451 4\.3\.0 Come again/);
    trouble = false;
    await a.flush();
    await quiet(between);
    expect(await deliveries(address)).toHaveLength(1);
    expect(between.log.of('accepted')).toHaveLength(1);
  });

  test('452 because the disk is full: kept, and delivered once when there is room', async () => {
    const { a, gateway, quiet } = chain();
    let full = true;
    const between = await gateway({ store: storeOnDisk(() => full) });
    await send(a.port, { to: ['full@b.test'], content: CONTENT });
    await keptBecause('full@b.test', /452 4\.3\.1 /);
    full = false;
    await a.flush();
    await quiet(between);
    expect(await deliveries('full@')).toHaveLength(1);
  });

  test('452 because there are too many recipients: the others come later, and each has it once', async () => {
    const { a, gateway, quiet } = chain();
    const between = await gateway({ listeners: [{ id: 'inbound', limits: { recipients: 10 } }] });
    const names = Array.from({ length: 25 }, (_, number) => `crowd-${number}@b.test`);
    await send(a.port, { to: names, content: CONTENT });
    for (const left of [15, 5]) {
      await until(async () => {
        const [entry, ...others] = await a.queue();
        expect(others).toEqual([]);
        expect(entry).toMatchObject({ queue: 'deferred' });
        const reasons = entry?.recipients.map(({ reason }) => reason);
        expect(reasons).toEqual(Array.from({ length: left }, () => expect.stringContaining('452 4.5.3 ')));
      });
      await a.flush();
    }
    await quiet(between);
    expect(between.log.of('accepted').map(({ fields }) => fields.recipients)).toEqual([10, 10, 5]);
    expect((await deliveries('crowd-')).toSorted()).toEqual(names.toSorted());
  });

  test.each([
    { stage: 'connect', taken: 0 },
    { stage: 'helo', taken: 0 },
    { stage: 'mail', taken: 1 },
    { stage: 'rcpt', taken: 1 },
    { stage: 'data', taken: 1 },
    { stage: 'queue', taken: 1 },
  ] as const)(
    'shutdown at $stage: taken $taken times by the one that ends, delivered once',
    async ({ stage, taken }) => {
      const { a, folder, quiet } = chain();
      const asked = Promise.withResolvers<void>();
      const noting = () => {
        asked.resolve();
        return undefined;
      };
      const made = await folder({ plugins: FIRST, brought: [at(stage, noting)] });
      const ending = await startedIn(made);
      const closed = asked.promise.then(() => ending.engine.close());
      const address = `shutdown-${stage}@b.test`;
      await send(a.port, { to: [address], content: CONTENT });
      await closed;
      expect(ending.log.of('accepted')).toHaveLength(taken);
      if (taken === 0) await keptBecause(address, /421 4\.3\.2 Shutting down/);
      const between = await startedIn(made);
      await a.flush();
      await quiet(between);
      expect(await deliveries(address)).toHaveLength(1);
    },
  );

  test('restarts under load: every mail is delivered once', async () => {
    const { a, folder, quiet } = chain();
    const made = await folder();
    let running = await startedIn(made);
    const sessions = Array.from({ length: SESSIONS }, async (_, session) => {
      for (let count = 0; count < MAILS; count += 1) {
        await send(a.port, { to: [`load-${session}-${count}@b.test`], content: CONTENT });
      }
    });
    for (let restart = 0; restart < 3; restart += 1) {
      await until(() => expect(running.log.of('accepted').length).toBeGreaterThan(8));
      await running.engine.close();
      running = await startedIn(made);
      await a.flush();
    }
    await Promise.all(sessions);
    await until(async () => {
      // What was deferred while there was no gateway.
      await a.flush();
      expect(await a.queue()).toEqual([]);
    });
    await quiet(running);
    const got = await deliveries('load-');
    expect(got).toHaveLength(SESSIONS * MAILS);
    expect(new Set(got).size).toBe(SESSIONS * MAILS);
  });

  /** The recipients that the last Postfix has delivered to, once for each time, of those that begin so. */
  async function deliveries(start: string): Promise<readonly string[]> {
    const mails = await chain().b.mailbox();
    return mails.map(({ deliveredTo }) => deliveredTo).filter(address => address.startsWith(start));
  }
});

/** A queue that refuses to commit while the disk is full. */
function storeOnDisk(full: () => boolean): QueueStore {
  const store = memoryStore();
  return new Proxy(store, {
    get(target, name: keyof QueueStore) {
      if (name !== 'commit') return target[name].bind(target);
      return async (...args: Parameters<QueueStore['commit']>) => {
        if (full()) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        return target.commit(...args);
      };
    },
  });
}
