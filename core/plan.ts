/** The plan of a configuration: at each hook, who is asked, in which order, and through whose middleware. Plain data. */
import { activities } from './activity.ts';
import type { CompiledConfiguration } from './compile.ts';
import { formatCondition } from './mail/condition-text.ts';
import type { TlsLevel } from './mail/tls-demand.ts';
import type { MountedPlugin } from './mounted-plugin.ts';
import { HOOK_NAMES, HOOKS, type HookName, type Walk } from './plugin/hooks.ts';
import { wraps } from './plugin/middleware.ts';

/** One plugin at one hook. */
export interface PlannedCall {
  readonly plugin: string;
  /** In words; `null`: always. */
  readonly when: string | null;
  readonly mode: 'enforce' | 'shadow';
  readonly onError: 'defer' | 'reject' | 'ignore';
  /** In milliseconds. */
  readonly deadline: number;
  /** The plugins whose middleware stands around it, outermost first. */
  readonly around: readonly string[];
}

/** One hook. */
export interface PlannedHook {
  readonly hook: HookName;
  readonly walk: Walk;
  /** In the order in which they are asked. Transports are chosen by name, so theirs means nothing. */
  readonly plugins: readonly PlannedCall[];
}

/** One route. */
export interface PlannedRoute {
  readonly when: string | null;
  readonly transport: string;
  /** As `name:port`; `null`: none are needed, or a plugin finds them. */
  readonly hosts: readonly string[] | null;
  /** The domain whose hosts are looked for; `null`: that of the recipient. */
  readonly exchangersOf: string | null;
  /** `null`: as DANE, MTA-STS and the transport have it. */
  readonly tls: TlsLevel | null;
  /** A route by address. */
  readonly map: { readonly by: 'recipient' | 'sender'; readonly entries: number } | null;
}

/** Something that a plugin does not do although it seems to. */
export interface Silence {
  readonly plugin: string;
  /** `null`: it does not concern one hook. */
  readonly hook: HookName | null;
  readonly why: string;
}

export interface Plan {
  readonly hooks: readonly PlannedHook[];
  readonly routes: readonly PlannedRoute[];
  /** The plugins that are told what happened. */
  readonly observers: readonly string[];
  readonly silent: readonly Silence[];
}

/** The plan of a configuration that can run. */
export function planOf({ configuration, mounted, routes }: CompiledConfiguration): Plan {
  const active = activities(configuration, mounted);
  const hooks = HOOK_NAMES.map(hook => {
    const plugins = active.filter(one => one.hooks.includes(hook)).map(({ plugin }) => callOf(plugin, hook, mounted));
    return { hook, walk: HOOKS[hook].walk, plugins };
  });
  return {
    hooks: hooks.filter(({ plugins }) => plugins.length > 0),
    routes: routes.map(({ when, transport, hosts, exchangersOf, tls, map }) => ({
      when: when === null ? null : formatCondition(when),
      transport,
      hosts: hosts?.map(({ name, port }) => `${name}:${port}`) ?? null,
      exchangersOf: exchangersOf ?? null,
      tls: tls?.level ?? null,
      map: map === undefined ? null : { by: map.by, entries: map.entries.size },
    })),
    observers: mounted.filter(({ instance }) => instance.observe !== undefined).map(({ id }) => id),
    silent: active.flatMap(({ plugin: { id }, never, notes }) => [
      ...notes.map(why => ({ plugin: id, hook: null, why })),
      ...never.map(({ hook, why }) => ({ plugin: id, hook, why })),
    ]),
  };
}

function callOf(plugin: MountedPlugin, hook: HookName, mounted: readonly MountedPlugin[]): PlannedCall {
  const { id, when, mode, onError, deadline, deliveryDeadline } = plugin;
  const above = mounted.slice(0, mounted.indexOf(plugin));
  const around = above.filter(one => one.mode === 'enforce' && wraps(one.instance, hook));
  return {
    plugin: id,
    // A transport is chosen by name, whatever its condition says.
    when: when === null || hook === 'deliver' ? null : formatCondition(when),
    mode,
    onError,
    deadline: hook === 'deliver' ? deliveryDeadline : deadline,
    around: around.map(one => (one.when === null ? one.id : `${one.id} (where ${formatCondition(one.when)})`)),
  };
}
