/**
 * Runs one plugin by itself: its options are validated, every port is a fake, and each hook is a method that takes text.
 *
 * The plugin is mounted as a gateway mounts it, so what a gateway would refuse at boot is an error here. The chain is
 * left out: no deadline, no containment; what the plugin throws reaches the test.
 */

import { deliveredTo, type Outcome } from '../mail/outcome.ts';
import { reportAll } from '../mail/verdict.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import { type Answer, type Delivery, HOOKS, type HookContext, type HookName, type Subject } from '../plugin/hooks.ts';
import type { HappeningName, Happenings } from '../plugin/observer.ts';
import type { Plugin, PluginInstance } from '../plugin/plugin.ts';
import { CLOCK, FILES, IDENTITY, LOG, NETWORK, PROCESSES, RANDOM, RESOLVER } from '../plugin/ports.ts';
import { TABLES } from '../plugin/table.ts';
import { TLS_REPORTS } from '../plugin/tls-reports.ts';
import type { Token } from '../plugin/token.ts';
import { WEB } from '../plugin/web.ts';
import { systemWeb } from '../system/web.ts';
import { openTables } from '../table/open-tables.ts';
import { create, inspect, type MountFault } from '../wiring/mount.ts';
import { Scope } from '../wiring/scope.ts';
import { aDelivery, type DeliveryParts } from './builders.ts';
import { type FakeHosts, type FakeNetwork, fakeNetwork } from './fake-network.ts';
import { type FakeProcesses, type FakeProgram, fakeProcesses } from './fake-processes.ts';
import { type FakeResolver, type FakeZones, fakeResolver } from './fake-resolver.ts';
import { type Circumstances, type Questions, questions } from './harness-questions.ts';
import { ManualClock } from './manual-clock.ts';
import { type MemoryFiles, memoryFiles } from './memory-files.ts';
import { type RecordingLog, recordingLog } from './recording-log.ts';
import { type RecordingTlsReports, recordingTlsReports } from './recording-tls-reports.ts';
import { seededRandom } from './seeded-random.ts';

/** A service for the plugin under test, in the place of the fake if there is one. Made by `provide`. */
export interface Provided {
  addTo(scope: Scope): void;
}

/** @example harness(plugin, options, { provide: [provide(CLOCK, systemClock)] }) */
export function provide<T>(token: Token<T>, service: T): Provided {
  return { addTo: scope => void scope.value(token, service) };
}

/** The world around the plugin. */
export interface HarnessSettings {
  /** What DNS knows, as an object or as the text of a zone; nothing exists without it. */
  readonly dns?: FakeZones | string;
  /** What lies beside the configuration. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Where connections lead; without it they are refused. */
  readonly hosts?: FakeHosts;
  /** What programs do, by their paths; without it there are none. */
  readonly programs?: Readonly<Record<string, FakeProgram>>;
  /** When the test begins. */
  readonly now?: Date | string;
  /** Our own name. */
  readonly hostname?: string;
  readonly provide?: readonly Provided[];
}

/** A delivery on its way through middleware. */
export interface Passage {
  /** What reached the transport, or `null` where the middleware kept it. */
  readonly passedOn: Delivery | null;
  readonly answer: Answer<HookName> | undefined;
}

/** A plugin in its harness. */
export interface Harness extends Questions {
  readonly instance: PluginInstance;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly files: MemoryFiles;
  readonly resolver: FakeResolver;
  readonly network: FakeNetwork;
  readonly processes: FakeProcesses;
  /** What was counted for TLS reports. */
  readonly tlsReports: RecordingTlsReports;
  /**
   * Sends a delivery through the plugin's middleware to a transport that reports the outcome for all recipients:
   * delivered, where none is given.
   */
  readonly deliverThrough: (delivery?: Circumstances & DeliveryParts, outcome?: Outcome) => Promise<Passage>;
  /** Tells the plugin's observer what happened, and waits for it. */
  readonly tell: <E extends HappeningName>(event: E, happening: Happenings[E]) => Promise<void>;
  /** Closes the plugin, if it has an end. */
  readonly close: () => Promise<void>;
}

/**
 * Mounts a plugin and starts it.
 * @throws Error where a gateway would not boot with it: wrong options, a missing service, a hook that there is not.
 * @example
 * const { rcpt } = await harness(noVowels, { domain: 'example.test' });
 * expect(await rcpt('ann@example.test')).toMatchObject({ kind: 'reject' });
 */
export async function harness(plugin: Plugin, options?: unknown, settings: HarnessSettings = {}): Promise<Harness> {
  const world = worldOf(plugin, settings);
  const inspected = await inspect({ plugin, id: plugin.name, options, scope: world.scope });
  if (inspected.kind === 'faulty') throw notMounted(plugin, inspected.faults);
  const created = await create(inspected.value);
  if (created.kind === 'faulty') throw notMounted(plugin, created.faults);
  const { instance } = created.value;
  await instance.start?.();
  const { clock, log, files, resolver, network, processes, tlsReports } = world;
  return {
    clock,
    log,
    files,
    resolver,
    network,
    processes,
    tlsReports,
    instance,
    ...questions((hook, subject, circumstances) => ask(instance, hook, subject, { plugin, log, circumstances })),
    deliverThrough: (delivery = {}, outcome = deliveredTo('transport')) =>
      passThrough({ plugin, log, circumstances: delivery }, instance, aDelivery(delivery), outcome),
    async tell(event, happening) {
      await instance.observe?.[event]?.(happening);
    },
    async close() {
      await instance.close?.();
    },
  };
}

/**
 * All that a gateway would say against these options at boot, as `options.rules.0: is missing: ...`. Empty: nothing.
 * @example expect(await faultsIn(plugin, { file: 'missing' })).toEqual(['options.file: ...'])
 */
export async function faultsIn(
  plugin: Plugin,
  options?: unknown,
  settings: HarnessSettings = {},
): Promise<readonly string[]> {
  const { scope } = worldOf(plugin, settings);
  const inspected = await inspect({ plugin, id: plugin.name, options, scope });
  return inspected.kind === 'faulty' ? inspected.faults.map(inWords) : [];
}

function worldOf(plugin: Plugin, settings: HarnessSettings) {
  const clock = new ManualClock(settings.now);
  const log = recordingLog();
  const files = memoryFiles(settings.files, { clock });
  const resolver = fakeResolver(settings.dns);
  const network = fakeNetwork(settings.hosts);
  const processes = fakeProcesses(settings.programs);
  const tlsReports = recordingTlsReports();
  const scope = Scope.root()
    .value(CLOCK, clock)
    .value(LOG, log.child({ plugin: plugin.name }))
    .value(FILES, files)
    .value(RESOLVER, resolver)
    .value(NETWORK, network)
    .value(PROCESSES, processes)
    .lazy(TABLES, { files: FILES, clock: CLOCK }, openTables)
    .value(WEB, systemWeb({ resolver, network }))
    .value(TLS_REPORTS, tlsReports)
    .value(RANDOM, seededRandom(plugin.name))
    .value(IDENTITY, { hostname: settings.hostname ?? 'mx.example.test', plugin: plugin.name })
    .child();
  for (const one of settings.provide ?? []) one.addTo(scope);
  return { clock, log, files, resolver, network, processes, tlsReports, scope };
}

function notMounted(plugin: Plugin, faults: readonly MountFault[]): Error {
  return new Error(`the plugin ${plugin.name} would not boot: ${faults.map(inWords).join('; ')}`);
}

function inWords({ path, message }: MountFault): string {
  return `${path.join('.')}: ${message}`;
}

interface Asking {
  readonly plugin: Plugin;
  readonly log: RecordingLog;
  readonly circumstances: Circumstances;
}

/** `hook` and `subject` belong together, which TypeScript cannot follow. */
type Method<H extends HookName> = (subject: Subject<H>, context: HookContext) => Awaitable<Answer<H> | undefined>;

async function ask<H extends HookName>(
  instance: PluginInstance,
  hook: H,
  subject: Subject<H>,
  { plugin, log, circumstances }: Asking,
): Promise<Answer<H> | undefined> {
  const method = instance[hook] as Method<H> | undefined;
  if (method === undefined) throw new Error(`the plugin ${plugin.name} does not answer ${hook}`);
  const answer = await method.call(instance, subject, contextOf(hook, { plugin, log, circumstances }));
  const known: readonly string[] = HOOKS[hook].answers;
  if (answer === undefined || known.includes(answer.kind)) return answer;
  throw new Error(
    `the plugin ${plugin.name} answers ${hook} with ${JSON.stringify(answer)}; known: ${known.join(', ')}`,
  );
}

async function passThrough(
  asking: Asking,
  instance: PluginInstance,
  delivery: Delivery,
  outcome: Outcome,
): Promise<Passage> {
  if (instance.around === undefined) throw new Error(`the plugin ${asking.plugin.name} has no middleware`);
  const call = {
    hook: 'deliver',
    plugin: 'transport',
    subject: delivery,
    context: contextOf('deliver', asking),
  } as const;
  let passedOn: Delivery | null = null;
  const answer = await instance.around(call, changed => {
    passedOn = changed ?? delivery;
    return Promise.resolve(reportAll(passedOn.recipients, outcome));
  });
  return { passedOn, answer };
}

function contextOf(hook: HookName, { plugin, log, circumstances }: Asking): HookContext {
  return {
    signal: circumstances.signal ?? new AbortController().signal,
    log: log.child({ plugin: plugin.name, hook }),
    facts: circumstances.facts ?? {},
  };
}
