/**
 * A whole gateway for a test, on its real configuration and real plugins: mail goes in over SMTP on loopback, and what would
 * have left is kept for the test to look at. DNS, network, programs and time are the test's; queue and files are in memory.
 */
import { resolve } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import { deliveredTo } from '../mail/outcome.ts';
import type { Trace } from '../mail/trace.ts';
import type { HappeningName } from '../plugin/observer.ts';
import type { Plugin, PluginInstance } from '../plugin/plugin.ts';
import type { Clock } from '../plugin/ports.ts';
import type { QueueStore } from '../plugin/queue-store.ts';
import { memoryStore } from '../queue/memory-store.ts';
import { type ConfigurationFolder, configurationFolder } from '../testing/configuration-folder.ts';
import type { DialoguePartner } from '../testing/dialogue.ts';
import { type FakeNetwork, fakeNetwork } from '../testing/fake-network.ts';
import { type FakeProcesses, fakeProcesses } from '../testing/fake-processes.ts';
import { type FakeResolver, fakeResolver } from '../testing/fake-resolver.ts';
import { type Happened, HappeningLog } from '../testing/happening-log.ts';
import type { HarnessSettings } from '../testing/harness.ts';
import { type Attempted, KeptDeliveries, type Outcomes, type TestDelivery } from '../testing/kept-deliveries.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { OverlayFiles } from '../testing/overlay-files.ts';
import { QueueWatch } from '../testing/queue-watch.ts';
import { type RecordingLog, recordingLog } from '../testing/recording-log.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import { type MailToSend, type SentMail, sendMail } from '../testing/send-mail.ts';
import type { Seal } from './sealed-gateway.ts';

/** What the gateway is made of, and the world around it. */
export interface TestGatewaySettings extends Pick<HarnessSettings, 'dns' | 'hosts' | 'programs' | 'now' | 'provide'> {
  /**
   * The configuration: text of YAML, or the same as an object. An object may leave out `hostname` (mx.example.test),
   * `listeners` (one, `inbound`) and `queue`.
   */
  readonly config?: string | Readonly<Record<string, unknown>>;
  /** A configuration file, in the place of `config`. Nothing of what it names is written to. */
  readonly file?: string;
  /** What lies beside `config`, by its path. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Plugins that `use:` finds by their name. */
  readonly plugins?: readonly Plugin[];
  /** For `!env`. Empty without it. */
  readonly env?: Readonly<Record<string, string>>;
  /** In the place of a manual clock. */
  readonly clock?: Clock;
  /**
   * `kept`: what transports would deliver is kept, and counts as delivered unless `outcomes` says otherwise. `real`: they
   * deliver, over the network and the files of the test. Either way `attempts` shows what they were given.
   */
  readonly transports?: 'kept' | 'real';
  /** What becomes of deliveries that are kept. */
  readonly outcomes?: Outcomes;
  /**
   * `as-they-say`: whoever comes from this machine may say by XCLIENT who it is, as `send({ client })` does; EHLO then offers
   * XCLIENT. `as-they-are` without it.
   */
  readonly clients?: 'as-they-are' | 'as-they-say';
  /** In the place of the queue in memory. */
  readonly store?: QueueStore;
}

/** A gateway that runs. */
export interface TestGateway extends DialoguePartner, AsyncDisposable {
  /** Of the first listener. */
  readonly port: number;
  /** @throws RangeError where no listener has this id. */
  readonly portOf: (listener: string) => number;
  readonly configuration: Configuration;
  /** Sends a mail over SMTP, or LMTP where the listener speaks that. Does not throw where it is refused. */
  readonly send: (mail?: MailToSend) => Promise<SentMail>;
  /**
   * Resolves when nothing is being delivered and nothing is due. A manual clock may move on by some seconds.
   * @throws Error where that takes more than ten seconds of real time.
   */
  readonly settled: () => Promise<void>;
  /** Lets time pass on the manual clock, through every attempt that is due meanwhile, and waits until all is settled. */
  readonly later: (milliseconds: number) => Promise<void>;
  /** What transports were given, in order, and what they answered. */
  readonly attempts: readonly Attempted[];
  /** What was delivered: one entry a recipient. */
  readonly delivered: readonly TestDelivery[];
  /** From now on this becomes of deliveries that are kept. */
  readonly answer: (outcomes: Outcomes) => void;
  /** What happened, as observers are told: `happened('refused')`. */
  readonly happened: <E extends HappeningName>(event: E) => Happened<E>;
  /**
   * What was decided about a mail, from its first hook to its end.
   * @throws RangeError where the queue knows no such mail.
   */
  readonly trace: (id: string) => Promise<Trace>;
  /** One line a mail that has come in: `<ann@client.test> -> <bob@example.test>`, or `nothing`. For dialogues. */
  readonly queued: () => readonly string[];
  readonly queue: QueueStore;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly resolver: FakeResolver;
  readonly network: FakeNetwork;
  readonly processes: FakeProcesses;
  /** As they would be: what plugins have written is here and nowhere else. */
  readonly files: OverlayFiles;
  /** Ends it. May be called again. */
  readonly close: () => Promise<void>;
}

/**
 * Starts one.
 * @throws MailframeError with every complaint about the configuration.
 * @example
 * await using gateway = await testGateway({ file: './mailframe.config.yaml', dns: '…' });
 * const { id } = await gateway.send({ to: 'ann@example.test', content: 'Subject: hello\n\nHello.\n' });
 * await gateway.settled();
 * gateway.delivered; // [{ to: 'ann@example.test', transport: 'mailboxes', content: … }]
 */
export async function testGateway(settings: TestGatewaySettings): Promise<TestGateway> {
  const folder = settings.file === undefined ? await configurationFolder(settings) : null;
  try {
    return await startedOn(folder?.file ?? resolve(settings.file ?? ''), settings, folder);
  } catch (error) {
    await folder?.remove();
    throw error;
  }
}

async function startedOn(
  file: string,
  settings: TestGatewaySettings,
  folder: ConfigurationFolder | null,
): Promise<TestGateway> {
  const clock = new ManualClock(settings.now);
  const log = recordingLog();
  const deliveries = new KeptDeliveries(settings.transports ?? 'kept', settings.outcomes ?? deliveredTo('the test'));
  const happenings = new HappeningLog();
  const ports = {
    clock: settings.clock ?? clock,
    random: seededRandom('gateway'),
    resolver: fakeResolver(settings.dns),
    network: fakeNetwork(settings.hosts),
    processes: fakeProcesses(settings.programs),
    log,
    store: settings.store ?? memoryStore(),
  };
  const seal: Seal = {
    ...ports,
    env: settings.env ?? {},
    plugins: settings.plugins ?? [],
    keep: kept => deliveries.keep(kept),
    first: { observe: happenings.observer } satisfies PluginInstance,
    listener: one => ({
      ...one,
      trust:
        settings.clients === 'as-they-say' ? { ...one.trust, xclient: [...one.trust.xclient, '127.0.0.1'] } : one.trust,
      // Whoever waits for a greeting waits for a clock that stands still.
      limits: { ...one.limits, greetingPause: 0 },
    }),
    provide(scope) {
      for (const one of settings.provide ?? []) one.addTo(scope);
    },
  };
  // Loaded when it is needed: most tests are of one plugin, and would wait for all of the gateway.
  const { sealedGateway } = await import('./sealed-gateway.ts');
  const { engine, files, close } = await sealedGateway(file, seal);
  const watch = new QueueWatch(ports.store, ports.clock);
  const portOf = (id: string) => {
    const found = engine.listeners.find(listener => listener.id === id);
    if (found === undefined) throw new RangeError(`no listener is called ${id}`);
    return found.port;
  };
  let closing: Promise<void> | null = null;
  const end = () => {
    closing ??= close().then(() => folder?.remove());
    return closing;
  };
  return {
    port: engine.listeners[0]?.port ?? 0,
    portOf,
    configuration: engine.configuration,
    send(mail = {}) {
      const listener = engine.configuration.listeners.find(({ id }) => id === mail.listener);
      const { protocol = 'smtp' } = listener ?? engine.configuration.listeners[0] ?? {};
      const port = mail.listener === undefined ? (engine.listeners[0]?.port ?? 0) : portOf(mail.listener);
      return sendMail(port, protocol, mail);
    },
    settled: () => watch.settled(),
    later: milliseconds => watch.later(milliseconds),
    attempts: deliveries.attempts,
    delivered: deliveries.delivered,
    answer: outcomes => deliveries.answer(outcomes),
    happened: event => happenings.of(event),
    trace: id => watch.trace(id),
    queued: () => happenings.queued(),
    queue: ports.store,
    clock,
    log,
    resolver: ports.resolver,
    network: ports.network,
    processes: ports.processes,
    files,
    close: end,
    [Symbol.asyncDispose]: end,
  };
}
