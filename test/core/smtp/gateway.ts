/** A real listener on loopback before a real chain, with a queue that only remembers. */
import { onTestFinished } from 'vitest';
import { createChain } from '../../../core/chain/create-chain.ts';
import type { Link } from '../../../core/chain/link.ts';
import type { CrowdLimits, Limits } from '../../../core/mail/limits.ts';
import type { TransientReply } from '../../../core/mail/reply.ts';
import type { Resolver } from '../../../core/plugin/ports.ts';
import type { NewMail } from '../../../core/plugin/queue-store.ts';
import { CONTENT_MEMORY, ContentMemory, type ContentMemoryLimits } from '../../../core/smtp/content-memory.ts';
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
  readonly limits?: Partial<Limits>;
  readonly links?: readonly Omit<Link, 'log'>[];
  readonly zones?: FakeZones;
  /** In place of one that knows `zones`. */
  readonly resolver?: Resolver;
  /** In place of a queue that takes everything. */
  commit?(mails: readonly NewMail[], hasGone: () => boolean): Promise<void>;
  /** In place of a queue that keeps up. */
  busy?(): TransientReply | null;
  spool?(): Spool;
  readonly memory?: ContentMemoryLimits;
  queueId?(): string;
}

const NO_CROWD_LIMITS: CrowdLimits = { connections: null, newConnections: null, mails: null, recipients: null };

export const LIMITS: Limits = {
  connections: 100,
  perClient: NO_CROWD_LIMITS,
  perNetwork: NO_CROWD_LIMITS,
  window: 60_000,
  exempt: [],
  recipients: 100,
  transactions: 1000,
  commands: 100,
  errors: 100,
  unknownCommands: 10,
  failedLogins: 5,
  commandLine: 16_384,
  contentLine: null,
  header: 1024 ** 2,
  hops: 100,
  idle: 60_000,
  command: 60_000,
  session: 3_600_000,
  greetingPause: 0,
  contentRate: null,
};

export const OPTIONS: ListenerOptions = {
  id: 'inbound',
  protocol: 'smtp',
  address: '127.0.0.1',
  port: 0,
  hostname: 'mx.example.test',
  role: 'inbound',
  maxSize: 1_000_000,
  bareNewline: 'reject',
  binaryMime: 'off',
  tls: null,
  auth: 'off',
  mechanisms: ['PLAIN', 'LOGIN'],
  allowPlaintextAuth: false,
  lookups: ['127.0.0.1'],
  trust: { proxy: [], xclient: [], xforward: [] },
  raisePriority: 'users',
  mixed: 'auto',
  limits: LIMITS,
};

/** Starts one; it is closed when the running test is over. */
export async function gateway(setting: GatewaySetting = {}) {
  const log = recordingLog();
  const clock = new ManualClock('2026-11-23T12:00:00Z');
  const links = (setting.links ?? []).map(one => ({ ...one, log: log.child({ plugin: one.id }) }));
  const chain = createChain({ links, routes: [], clock, random: seededRandom('gateway') });
  const committed: NewMail[][] = [];
  let pinned = 0;
  let ids = 0;
  const listener = new Listener(
    { ...OPTIONS, ...setting.options, limits: { ...LIMITS, ...setting.limits } },
    {
      pin() {
        pinned += 1;
        return { chain, release: () => void (pinned -= 1) };
      },
      async commit(mails, hasGone) {
        await setting.commit?.(mails, hasGone);
        committed.push([...mails]);
      },
      busy: () => setting.busy?.() ?? null,
      memory: new ContentMemory(setting.memory ?? CONTENT_MEMORY),
      queueId: () => setting.queueId?.() ?? `Q${(ids += 1)}`,
      spool() {
        if (setting.spool === undefined) throw new Error('this test has no spool');
        return setting.spool();
      },
      decoyKey: Buffer.from('what only this gateway knows'),
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
