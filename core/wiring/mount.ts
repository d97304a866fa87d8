/**
 * Mounts a plugin: its options are validated, its needs are met, and an instance is made that keeps the contract.
 *
 * Two steps, so that `mailframe check` can take the first and a boot takes both. Neither lets anything act: plugins act
 * from `start` on.
 */
import type { ErrorCode } from '../mail/error.ts';
import { describeWithOrigin } from '../mail/failure.ts';
import type { Origin } from '../mail/origin.ts';
import type { About } from '../plugin/about.ts';
import { HOOK_NAMES } from '../plugin/hooks.ts';
import type { HappeningName } from '../plugin/observer.ts';
import type { Creation, Plugin, PluginInstance } from '../plugin/plugin.ts';
import { didYouMean } from '../plugin/suggest.ts';
import type { Needs } from '../plugin/token.ts';
import { type Fault, validate } from '../plugin/validate.ts';
import { originsOf } from './origin.ts';
import type { Scope } from './scope.ts';

/** A plugin to be mounted. */
export interface Mounting {
  readonly plugin: Plugin;
  /** The entry's id in the configuration. */
  readonly id: string;
  /** As written; `undefined` or `null` where the entry has none. */
  readonly options: unknown;
  /** The services of this one instance. */
  readonly scope: Scope;
  /** The file that it was loaded from. `null`: there is none. */
  readonly module?: string | null;
}

/** Something wrong with an entry of the plugin list. Its path starts at the entry: `['options', 'file']`, `['use']`. */
export interface MountFault extends Fault {
  readonly code: ErrorCode;
}

/** What `create` is to be called with. */
export interface Inspected {
  readonly plugin: Plugin;
  readonly id: string;
  readonly creation: Creation<unknown, Needs>;
  /** Where in its files an error comes from. */
  readonly originOf: (error: unknown) => Origin;
}

/** A plugin that is ready to be started. */
export interface Mounted {
  readonly id: string;
  readonly plugin: Plugin;
  readonly instance: PluginInstance;
  /** As the schema made them. May hold secrets. */
  readonly options: unknown;
  /** Where in its files an error comes from. */
  readonly originOf: (error: unknown) => Origin;
}

/** The result of a step: all faults, or none. */
export type Step<T> =
  | { readonly kind: 'sound'; readonly value: T }
  | { readonly kind: 'faulty'; readonly faults: readonly MountFault[] };

/** Looks at everything that can be looked at without making an instance: options, needs, and the plugin's own check. */
export async function inspect({ plugin, id, options, scope, module = null }: Mounting): Promise<Step<Inspected>> {
  const originOf = originsOf(module);
  try {
    const validated = await optionsOf(plugin, options);
    const faults = [...validated.faults, ...missingServices(plugin, scope)];
    if (faults.length > 0) return { kind: 'faulty', faults };
    const creation = { ...scope.all(plugin.needs), options: validated.value } as Creation<unknown, Needs>;
    const complaints = await plugin.check(creation);
    if (complaints.length === 0) return { kind: 'sound', value: { plugin, id, creation, originOf } };
    return {
      kind: 'faulty',
      faults: complaints.map(({ path, message }) => optionFault({ path, at: 'value', message })),
    };
  } catch (error) {
    return faulty(
      'MF_PLUGIN_CREATE',
      `the plugin ${plugin.name} cannot be checked: ${describeWithOrigin(error, originOf)}`,
    );
  }
}

/** Makes the instance and looks at its shape: TypeScript is not there at run time. */
export async function create({ plugin, id, creation, originOf }: Inspected): Promise<Step<Mounted>> {
  let instance: PluginInstance;
  try {
    instance = await plugin.create(creation);
  } catch (error) {
    return faulty(
      'MF_PLUGIN_CREATE',
      `the plugin ${plugin.name} cannot be created: ${describeWithOrigin(error, originOf)}`,
    );
  }
  const messages = faultsOf(plugin, instance);
  if (messages.length > 0)
    return { kind: 'faulty', faults: messages.flatMap(text => faulty('MF_PLUGIN_HOOK', text).faults) };
  return { kind: 'sound', value: { id, plugin, instance, options: creation.options, originOf } };
}

async function optionsOf(plugin: Plugin, written: unknown) {
  const given = written ?? undefined;
  if (plugin.options === null) {
    const message = `the plugin ${plugin.name} takes no options`;
    const faults = given === undefined ? [] : [optionFault({ path: [], at: 'key', message })];
    return { value: undefined, faults };
  }
  // Options that are left out are options of which none is given: then each that is missing can be named.
  const validated = await validate(plugin.options, given ?? {});
  return validated.kind === 'valid'
    ? { value: validated.value, faults: [] }
    : { value: undefined, faults: validated.faults.map(optionFault) };
}

function optionFault(fault: Fault): MountFault {
  return { ...fault, path: ['options', ...fault.path], code: 'MF_CONFIG_OPTION' };
}

function missingServices(plugin: Plugin, scope: Scope): readonly MountFault[] {
  return Object.values(plugin.needs)
    .filter(token => !scope.has(token))
    .flatMap(({ name }) => {
      const known = scope.names();
      const hint = didYouMean(name, known) || `; there are: ${known.join(', ')}`;
      return faulty(
        'MF_SERVICE_MISSING',
        `the plugin ${plugin.name} needs the service "${name}", which nothing provides${hint}`,
      ).faults;
    });
}

function faulty(code: ErrorCode, message: string) {
  return { kind: 'faulty', faults: [{ path: ['use'], at: 'value', message, code }] } as const;
}

const HAPPENINGS = {
  accepted: true,
  refused: true,
  discarded: true,
  held: true,
  delivered: true,
  deferred: true,
  bounced: true,
} satisfies Record<HappeningName, true>;

const OTHER_KEYS = [
  'around',
  'surrounds',
  'leadsTo',
  'unfold',
  'preview',
  'about',
  'observe',
  'start',
  'close',
] as const satisfies readonly (keyof PluginInstance)[];
const KNOWN_KEYS: readonly string[] = [...HOOK_NAMES, ...OTHER_KEYS];

function faultsOf(plugin: Plugin, instance: unknown): readonly string[] {
  if (typeof instance !== 'object' || instance === null) return [`the plugin ${plugin.name} created no instance`];
  const faults = unknownKeys(instance, KNOWN_KEYS, 'hook');
  for (const key of KNOWN_KEYS) {
    const member = (instance as Readonly<Record<string, unknown>>)[key];
    if (member === undefined) continue;
    if (key === 'observe') faults.push(...faultsOfObserver(member));
    else if (key === 'leadsTo') faults.push(...faultsOfLeadsTo(member));
    else if (key === 'about') faults.push(...faultsOfAbout(member));
    else if (key === 'surrounds') faults.push(...faultsOfSurrounds(member, instance));
    else if (typeof member !== 'function') faults.push(`${key} is no function`);
  }
  const delivers = 'deliver' in instance && typeof instance.deliver === 'function';
  if (delivers && plugin.delivers === null) {
    faults.push("it answers deliver, so its definition must say delivers: 'here' or delivers: 'to-hosts'");
  }
  if (!delivers && plugin.delivers !== null)
    faults.push('its definition says that it delivers, but it does not answer deliver');
  return faults.map(fault => `the plugin ${plugin.name}: ${fault}`);
}

function faultsOfSurrounds(hooks: unknown, instance: object): readonly string[] {
  if (!('around' in instance)) return ['surrounds says whose calls `around` wraps, and there is no `around`'];
  const names: readonly unknown[] | null = Array.isArray(hooks) ? hooks : null;
  const areHooks = names?.every(name => HOOK_NAMES.some(hook => hook === name)) ?? false;
  return areHooks ? [] : [`surrounds must list hooks; there are: ${HOOK_NAMES.join(', ')}`];
}

function faultsOfLeadsTo(transports: unknown): readonly string[] {
  const isSound =
    Array.isArray(transports) && transports.every(one => typeof one?.transport === 'string' && Array.isArray(one.path));
  return isSound ? [] : ['leadsTo must list transports, each with the path of the option that names it'];
}

const ABOUT: readonly string[] = Object.keys({
  takes: true,
  handles: true,
  names: true,
  routes: true,
  findings: true,
} satisfies Record<keyof About, true>);

function faultsOfAbout(about: unknown): readonly string[] {
  if (typeof about !== 'object' || about === null) return ['about must hold what the plugin says of itself'];
  const lists = (['takes', 'handles', 'names'] as const).filter(key => {
    const list: unknown = (about as Readonly<Record<string, unknown>>)[key];
    return list !== undefined && !Array.isArray(list);
  });
  return [...unknownKeys(about, ABOUT, 'statement'), ...lists.map(key => `about.${key} must be a list`)];
}

function faultsOfObserver(observer: unknown): readonly string[] {
  if (typeof observer === 'object' && observer !== null)
    return unknownKeys(observer, Object.keys(HAPPENINGS), 'happening');
  return ['observe must hold one function for each happening'];
}

/** The keys of a plain object that mean nothing. A class may have methods of its own, so its instances are let be. */
function unknownKeys(object: object, known: readonly string[], noun: string): string[] {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return [];
  return Object.keys(object)
    .filter(key => !known.includes(key))
    .map(key => `there is no ${noun} "${key}"${didYouMean(key, known) || `; there are: ${known.join(', ')}`}`);
}
