/** A real listener on loopback before a real chain, with a queue that only remembers. */
import { onTestFinished } from 'vitest';
import { createChain } from '../../../core/chain/create-chain.ts';
import type { Link } from '../../../core/chain/link.ts';
import type { Resolver } from '../../../core/plugin/ports.ts';
import type { NewMail } from '../../../core/plugin/queue-store.ts';
import { Listener } from '../../../core/smtp/listener.ts';
import type { ListenerOptions } from '../../../core/smtp/options.ts';
import type { Spool } from '../../../core/smtp/reception.ts';
import { type FakeZones, fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { RawClient } from './raw-client.ts';

/** What a test wants differently. */
export interface GatewaySetting {
  readonly options?: Partial<ListenerOptions>;
  readonly links?: readonly Omit<Link, 'log'>[];
  readonly zones?: FakeZones;
  /** In place of one that knows `zones`. */
  readonly resolver?: Resolver;
  /** In place of a queue that takes everything. */
  commit?(mails: readonly NewMail[]): Promise<void>;
  spool?(): Spool;
  queueId?(): string;
}

export const OPTIONS: ListenerOptions = {
  id: 'inbound',
  address: '127.0.0.1',
  port: 0,
  hostname: 'mx.example.test',
  role: 'inbound',
  maxSize: 1_000_000,
  maxRecipients: 100,
  bareNewline: 'reject',
  tls: null,
  auth: 'off',
  allowPlaintextAuth: false,
  idleTimeout: 60_000,
  maxConnections: 100,
  mixed: 'auto',
};

/** Starts one; it is closed when the running test is over. */
export async function gateway(setting: GatewaySetting = {}) {
  const log = recordingLog();
  const clock = new ManualClock('2026-11-23T12:00:00Z');
  const links = (setting.links ?? []).map(one => ({ ...one, log: log.child({ plugin: one.id }) }));
  const chain = createChain({ links, routes: [], clock });
  const committed: NewMail[][] = [];
  let pinned = 0;
  let ids = 0;
  const listener = new Listener(
    { ...OPTIONS, ...setting.options },
    {
      pin() {
        pinned += 1;
        return { chain, release: () => void (pinned -= 1) };
      },
      async commit(mails) {
        await setting.commit?.(mails);
        committed.push([...mails]);
      },
      queueId: () => setting.queueId?.() ?? `Q${(ids += 1)}`,
      spool() {
        if (setting.spool === undefined) throw new Error('this test has no spool');
        return setting.spool();
      },
      clock,
      random: seededRandom(1),
      resolver: setting.resolver ?? fakeResolver(setting.zones),
      log,
    },
  );
  const { port } = await listener.open();
  const clients: RawClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.destroy();
    await listener.close(AbortSignal.abort());
  });
  return {
    listener,
    port,
    log,
    clock,
    /** The mails of each commit. */
    committed,
    /** How many sessions hold the configuration. */
    pinned: () => pinned,
    /** A client that has heard the greeting. */
    async greeted(): Promise<RawClient> {
      const client = await this.connect();
      await client.reply();
      return client;
    },
    async connect(tls?: Parameters<typeof RawClient.connect>[1]): Promise<RawClient> {
      const client = await RawClient.connect(port, tls);
      clients.push(client);
      return client;
    },
  };
}

/** Takes a client from its greeting to 354. */
export async function inData(client: RawClient, ...to: readonly string[]): Promise<void> {
  await client.command('EHLO client.test');
  await client.command('MAIL FROM:<ann@client.test>');
  for (const one of to.length === 0 ? ['bob@example.test'] : to) await client.command(`RCPT TO:<${one}>`);
  await client.command('DATA');
}
