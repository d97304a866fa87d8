/**
 * A whole gateway on somebody's configuration that touches nothing of theirs: it listens on free ports of loopback, keeps
 * its queue in memory and what it writes too, and hands deliveries to whoever asked for it instead of the transports.
 *
 * Guarantee: no octet is written outside a temporary folder, which is gone after `close`; no mail leaves; no connection is
 * made but through the network that was given. Not sealed off: tables that plugins look things up in are asked as they are,
 * and files of the configuration are read.
 */
import { type CompiledConfiguration, compile } from '../compile.ts';
import { bootError } from '../config/complaint.ts';
import type { ListenerSettings } from '../config/configuration.ts';
import { Gateway } from '../gateway.ts';
import type { Report } from '../mail/verdict.ts';
import type { MountedPlugin } from '../mounted-plugin.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import { type Delivery, HOOK_NAMES, type HookContext, type HookName } from '../plugin/hooks.ts';
import { definePlugin, type Plugin, type PluginInstance } from '../plugin/plugin.ts';
import {
  CLOCK,
  type Clock,
  FILES,
  LOG,
  type Log,
  NETWORK,
  type Network,
  PROCESSES,
  type Processes,
  RANDOM,
  type Random,
  RESOLVER,
  type Resolver,
} from '../plugin/ports.ts';
import { QUEUE_STORE, type QueueStore } from '../plugin/queue-store.ts';
import { TLS_REPORTS } from '../plugin/tls-reports.ts';
import { WEB } from '../plugin/web.ts';
import { machineServices, NOT_COUNTED } from '../services.ts';
import { systemWeb } from '../system/web.ts';
import type { KeptDelivery } from '../testing/kept-deliveries.ts';
import { type OverlayFiles, overlayFiles } from '../testing/overlay-files.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { originsOf } from '../wiring/origin.ts';
import type { Scope } from '../wiring/scope.ts';

/** What stands in for the machine, and for whom the deliveries are. */
export interface Seal {
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: Resolver;
  readonly network: Network;
  readonly processes: Processes;
  readonly log: Log;
  readonly store: QueueStore;
  /** Answers in the place of every transport. */
  readonly keep: (kept: KeptDelivery) => Awaitable<Report | undefined>;
  /** For `!env`; the process's own without it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Plugins of the program, for `use:` to find. */
  readonly plugins?: readonly Plugin[];
  /** Asked before all plugins of the configuration. */
  readonly first?: PluginInstance;
  /** Changes a listener beyond its address, its port, and the proxies it trusts. */
  readonly listener?: (settings: ListenerSettings) => ListenerSettings;
  /** Adds services, or replaces those above. */
  readonly provide?: (scope: Scope) => void;
}

/** A gateway that is sealed off. `close` it: then its folder is gone. */
export interface SealedGateway {
  readonly engine: Gateway;
  readonly compiled: CompiledConfiguration;
  readonly files: OverlayFiles;
  readonly close: () => Promise<void>;
}

/**
 * Starts one.
 * @throws MailframeError with every complaint about the configuration, or where it cannot start.
 */
export async function sealedGateway(file: string, seal: Seal): Promise<SealedGateway> {
  const overlay: { files: OverlayFiles | null } = { files: null };
  const compiled = await compile(file, {
    env: seal.env ?? process.env,
    now: seal.clock.now(),
    plugins: seal.plugins ?? [],
    scope(configuration) {
      const machine = machineServices(configuration);
      overlay.files = overlayFiles(machine.get(FILES), seal.clock);
      const scope = machine
        .child()
        .value(CLOCK, seal.clock)
        .value(RANDOM, seal.random)
        .value(RESOLVER, seal.resolver)
        .value(FILES, overlay.files)
        .value(NETWORK, seal.network)
        .value(PROCESSES, seal.processes)
        .value(WEB, systemWeb(seal))
        .value(LOG, seal.log)
        .value(TLS_REPORTS, NOT_COUNTED)
        .value(QUEUE_STORE, seal.store)
        .child();
      seal.provide?.(scope);
      return scope;
    },
  });
  if (compiled.kind === 'refused' || overlay.files === null) {
    throw bootError(compiled.kind === 'refused' ? compiled.complaints : []);
  }
  const { path, remove } = await temporaryFolder('sealed');
  const sealed = sealedOff(compiled, path, seal);
  const engine = new Gateway(sealed, { compile: () => Promise.resolve(sealed), adopt: () => {} });
  try {
    await engine.start();
  } catch (error) {
    await remove();
    throw error;
  }
  const close = async () => {
    await engine.close();
    await remove();
  };
  return { engine, compiled, files: overlay.files, close };
}

function sealedOff(compiled: CompiledConfiguration, folder: string, seal: Seal): CompiledConfiguration {
  const { configuration } = compiled;
  const listeners = configuration.listeners.map(one => {
    const here = { ...one, address: '127.0.0.1', port: 0, trust: { ...one.trust, proxy: [] } };
    return seal.listener?.(here) ?? here;
  });
  const kept = compiled.mounted.map(one => (one.instance.deliver === undefined ? one : keeping(one, seal)));
  return {
    ...compiled,
    // It stays as it was begun: nothing that its owner does to the file meanwhile concerns it.
    configuration: {
      ...configuration,
      listeners,
      queue: { ...configuration.queue, directory: folder },
      reload: 'manual',
    },
    mounted: [...(seal.first === undefined ? [] : [firstPlugin(seal.first, seal.log)]), ...kept],
  };
}

/** A plugin whose deliveries are kept, and which is otherwise as it was. */
function keeping(mounted: MountedPlugin, { keep }: Seal): MountedPlugin {
  const { instance, id } = mounted;
  const deliver = (delivery: Delivery, context: HookContext) =>
    keep({
      transport: id,
      delivery,
      deliver: async () => (await instance.deliver?.(delivery, context)) ?? undefined,
    });
  return { ...mounted, instance: { ...boundTo(instance), deliver } };
}

/** What an instance may have beside hooks. A name that is missing here does not compile. */
const BESIDE_HOOKS: Readonly<Record<Exclude<keyof PluginInstance, HookName>, true>> = {
  around: true,
  surrounds: true,
  leadsTo: true,
  unfold: true,
  preview: true,
  about: true,
  observe: true,
  start: true,
  close: true,
};

/** All that an instance has, also where it is of a class. */
function boundTo(instance: PluginInstance): PluginInstance {
  const keys = [...HOOK_NAMES, ...Object.keys(BESIDE_HOOKS)] as readonly (keyof PluginInstance)[];
  const bound = keys.flatMap(key => {
    const value: unknown = instance[key];
    if (value === undefined) return [];
    return [[key, typeof value === 'function' ? (value.bind(instance) as unknown) : value]];
  });
  return Object.fromEntries(bound) as PluginInstance;
}

/** Half a minute, in milliseconds. */
const DEADLINE = 30_000;

function firstPlugin(instance: PluginInstance, log: Log): MountedPlugin {
  const id = 'mailframe-testing';
  return {
    id,
    instance,
    when: null,
    mode: 'enforce',
    onError: 'defer',
    deadline: DEADLINE,
    deliveryDeadline: DEADLINE,
    delivers: null,
    log,
    originOf: originsOf(null),
    module: null,
    plugin: definePlugin({ name: id, create: () => ({}) }),
    entry: {
      use: id,
      id,
      options: undefined,
      when: null,
      mode: 'enforce',
      onError: 'defer',
      deadline: DEADLINE,
      deliveryDeadline: DEADLINE,
      path: [],
    },
  };
}
