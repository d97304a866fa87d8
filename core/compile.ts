/**
 * Compiles a configuration: file in, plugins mounted and routes checked out. `start`, `check` and `plan` all come by
 * here, so what one of them says holds for the others.
 *
 * Guarantee: nothing acts. Files are read, plugins are loaded and created; the first thing that happens to anybody else
 * happens in their `start`.
 */
import { resolve } from 'node:path';
import { checkCoherence } from './coherence.ts';
import { areHarmless, type Complaint, Complaints } from './config/complaint.ts';
import type { Configuration, Destination, PluginEntry, RouteEntry } from './config/configuration.ts';
import { type Draft, type LoadContext, loadConfiguration } from './config/load.ts';
import type { ConfigDocument } from './config/place.ts';
import type { RouteChoice, RouteRule } from './mail/route.ts';
import type { MountedPlugin } from './mounted-plugin.ts';
import type { Plugin } from './plugin/plugin.ts';
import { IDENTITY, LOG } from './plugin/ports.ts';
import { filesOfModule, noticeChangedModules } from './wiring/fresh-modules.ts';
import { isPath, locate } from './wiring/locate.ts';
import { create, inspect, type MountFault } from './wiring/mount.ts';
import type { Scope } from './wiring/scope.ts';

/** What a compilation depends on beside the file. */
export interface CompileContext extends LoadContext {
  /** The services that plugins may need, for this configuration. `LOG` must be among them. */
  readonly scope: (configuration: Configuration) => Scope;
  /** Plugins of the program that embeds the gateway: `use:` finds them by their name, before all others. */
  readonly plugins?: readonly Plugin[];
}

/** A configuration that can run. */
export interface CompiledConfiguration {
  readonly kind: 'compiled';
  readonly configuration: Configuration;
  /** As it was written, with the place of each piece. */
  readonly document: ConfigDocument;
  /** In the order of the list. */
  readonly mounted: readonly MountedPlugin[];
  readonly routes: readonly RouteRule[];
  /** The services that the plugins were given. */
  readonly scope: Scope;
  readonly warnings: readonly Complaint[];
  /** The absolute paths of all that was read: the file, what it includes, and plugins beside it with what they import. */
  readonly files: readonly string[];
}

/** A configuration that can run, or all that keeps it from running. Complaints hold the warnings too. */
export type Compiled = CompiledConfiguration | RefusedConfiguration;

export interface RefusedConfiguration {
  readonly kind: 'refused';
  readonly complaints: readonly Complaint[];
  /** As of one that can run. */
  readonly files: readonly string[];
}

/** Compiles the configuration in a file. */
export async function compile(file: string, context: CompileContext): Promise<Compiled> {
  noticeChangedModules();
  const loaded = await loadConfiguration(file, context);
  const draft: Draft | null = loaded.kind === 'ok' ? loaded : loaded.draft;
  if (draft === null) return { kind: 'refused', complaints: loaded.complaints, files: loaded.files };
  const { configuration, document } = draft;
  const complaints = new Complaints(document, loaded.complaints);
  const scope = context.scope(configuration);
  const mounted: MountedPlugin[] = [];
  for (const entry of configuration.plugins) {
    const one = await mount(entry, draft, { scope, complaints, given: context.plugins ?? [] });
    if (one !== null) mounted.push(one);
  }
  checkCoherence(draft, mounted, complaints);
  const list = complaints.list();
  const files = [...new Set([...loaded.files, ...configuration.plugins.flatMap(one => sourcesOf(one, configuration))])];
  if (!areHarmless(list)) return { kind: 'refused', complaints: list, files };
  const routes = configuration.routes.map(ruleOf);
  return { kind: 'compiled', configuration, document, mounted, routes, scope, warnings: list, files };
}

/** Finds, inspects and creates the plugin of one entry. `null`: complaints have been made. */
async function mount(
  entry: PluginEntry,
  { configuration }: Draft,
  at: { readonly scope: Scope; readonly complaints: Complaints; readonly given: readonly Plugin[] },
): Promise<MountedPlugin | null> {
  const { id, use, options } = entry;
  const given = at.given.find(plugin => plugin.name === use);
  const located =
    given === undefined ? await locate(use, configuration.file) : { kind: 'found' as const, plugin: given };
  if (located.kind === 'refused') {
    at.complaints.error(located.code, [...entry.path, 'use'], located.message);
    return null;
  }
  const { plugin } = located;
  const module = 'file' in located ? located.file : null;
  const log = at.scope.get(LOG).child({ plugin: id });
  const scope = at.scope.child().value(LOG, log).value(IDENTITY, { hostname: configuration.hostname, plugin: id });
  const inspected = await inspect({ plugin, id, options, scope, module });
  const created = inspected.kind === 'sound' ? await create(inspected.value) : inspected;
  if (created.kind === 'faulty') {
    complain(entry, created.faults, at.complaints);
    return null;
  }
  const { when, mode, onError, deadline, deliveryDeadline } = entry;
  const { instance, originOf } = created.value;
  const { delivers } = plugin;
  return {
    id,
    instance,
    when,
    mode,
    onError,
    deadline,
    deliveryDeadline,
    delivers,
    log,
    originOf,
    plugin,
    entry,
    module,
  };
}

/** Files beside the configuration that a plugin is made of. */
function sourcesOf({ use }: PluginEntry, { directory }: Configuration): readonly string[] {
  return isPath(use) ? filesOfModule(resolve(directory, use)) : [];
}

function complain(entry: PluginEntry, faults: readonly MountFault[], complaints: Complaints): void {
  for (const { code, path, message, at } of faults) complaints.error(code, [...entry.path, ...path], message, at);
}

function ruleOf({ when, retry, map, ...destination }: RouteEntry): RouteRule {
  const rule = { when, ...choiceOf(destination), retry };
  if (map === null) return rule;
  const entries = [...map.entries].map(([key, one]) => [key, choiceOf(one)] as const);
  return { ...rule, map: { by: map.by, entries: new Map(entries) } };
}

function choiceOf({ deliver, hosts, exchangersOf, tls }: Destination): RouteChoice {
  return {
    transport: deliver,
    hosts,
    ...(exchangersOf === null ? {} : { exchangersOf }),
    ...(tls === null ? {} : { tls }),
  };
}
