/** Which plugin can ever be asked at which hook, and why one never is. What `mailframe plan` shows and `check` warns of. */

import type { Configuration } from './config/configuration.ts';
import { type Condition, simpleConditions } from './mail/condition.ts';
import { isChallengeMechanism } from './mail/mechanism.ts';
import type { MountedPlugin } from './mounted-plugin.ts';
import { HOOK_NAMES, type HookName } from './plugin/hooks.ts';

/** What one plugin of the list does. */
export interface Activity {
  readonly plugin: MountedPlugin;
  /** The hooks at which it may be asked, in the order in which a mail meets them. */
  readonly hooks: readonly HookName[];
  /** The hooks that it answers and is never asked at, and why not. */
  readonly never: readonly { readonly hook: HookName; readonly why: string }[];
  /** What else is strange about it, one sentence each. */
  readonly notes: readonly string[];
  /** Whether it does nothing at all: it is never asked, wraps no calls, observes nothing and has no work of its own. */
  readonly idle: boolean;
}

/** What each plugin of a configuration does, in the order of the list. */
export function activities(configuration: Configuration, mounted: readonly MountedPlugin[]): readonly Activity[] {
  return mounted.map((plugin, index) => {
    const answered = hooksOf(plugin);
    const never = answered.flatMap(hook => {
      const why = neverAsked(hook, plugin, { configuration, mounted, index });
      return why === null ? [] : [{ hook, why }];
    });
    const hooks = answered.filter(hook => !never.some(one => one.hook === hook));
    return { plugin, hooks, never, notes: notesOn(plugin), idle: hooks.length === 0 && !worksUnasked(plugin) };
  });
}

/** The hooks that a plugin answers, whether or not it can ever be asked. */
export function hooksOf({ instance }: MountedPlugin): readonly HookName[] {
  return HOOK_NAMES.filter(hook => instance[hook] !== undefined);
}

/** Whether a plugin does something even if no hook asks it. */
function worksUnasked(plugin: MountedPlugin): boolean {
  const { instance, mode } = plugin;
  if (instance.around !== undefined && mode === 'enforce') return true;
  // Where there are hooks, `start` prepares for them; without any it is work of its own.
  return instance.observe !== undefined || (instance.start !== undefined && hooksOf(plugin).length === 0);
}

function notesOn(plugin: MountedPlugin): readonly string[] {
  const { instance, mode, when } = plugin;
  const answered = hooksOf(plugin);
  const notes: string[] = [];
  if (answered.length === 0 && instance.around === undefined && !worksUnasked(plugin)) notes.push('it answers no hook');
  if (instance.around !== undefined && mode === 'shadow') notes.push('its middleware is left out in shadow mode');
  if (when !== null && instance.around === undefined && answered.join() === 'deliver') {
    notes.push('its when means nothing: the routes say when a transport is used');
  }
  return notes;
}

interface Surroundings {
  readonly configuration: Configuration;
  readonly mounted: readonly MountedPlugin[];
  readonly index: number;
}

/** Why a plugin is never asked at a hook that it answers, or `null` where it may be. */
function neverAsked(hook: HookName, plugin: MountedPlugin, around: Surroundings): string | null {
  const { configuration, mounted } = around;
  if (hook === 'deliver') {
    const ledTo = mounted.flatMap(({ instance }) => instance.leadsTo ?? []);
    const routed = configuration.routes.some(({ deliver }) => deliver === plugin.id);
    const named = routed || ledTo.some(({ transport }) => transport === plugin.id);
    const open = mounted.some(one => one.instance.route !== undefined && one.mode === 'enforce');
    return named || open ? null : 'no route names it';
  }
  if (hook === 'auth' || hook === 'secret') {
    const offered = configuration.listeners.flatMap(({ auth, mechanisms }) => (auth === 'off' ? [] : mechanisms));
    if (offered.length === 0) return 'no listener has auth';
    if (!offered.some(one => isChallengeMechanism(one) === (hook === 'secret'))) {
      return `no listener offers ${hook === 'secret' ? '' : 'anything but '}CRAM-MD5 or SCRAM-SHA-256`;
    }
  }
  if (plugin.when === null || canHold(plugin.when, hook, around)) return null;
  return `its when can never hold at ${hook}: ${unknownAt(plugin.when, hook, around)}`;
}

/** What is known at each hook beside the session, which always is. */
const KNOWN: Readonly<Record<HookName, readonly Condition['kind'][]>> = {
  connect: [],
  helo: ['fact'],
  auth: ['fact'],
  secret: ['fact'],
  mail: ['fact', 'sender'],
  rcpt: ['fact', 'sender', 'recipient'],
  data: ['fact', 'sender', 'recipient', 'header', 'size'],
  queue: ['fact', 'sender', 'recipient', 'header', 'size'],
  route: ['fact', 'sender', 'recipient', 'header', 'size'],
  deliver: ['fact', 'sender', 'recipient', 'header', 'size'],
  vrfy: [],
  expn: [],
};

function isKnown(condition: Condition, hook: HookName, around: Surroundings): boolean {
  switch (condition.kind) {
    case 'listener':
    case 'client':
    case 'tls':
    case 'authenticated':
      return true;
    case 'fact':
      return KNOWN[hook].includes('fact') && factIsWrittenBefore(condition.name, hook, around);
    default:
      return KNOWN[hook].includes(condition.kind);
  }
}

/** A fact is known where its writer stands above, or was asked at an earlier hook. */
function factIsWrittenBefore(name: string, hook: HookName, { mounted, index }: Surroundings): boolean {
  return mounted.some((writer, position) => {
    if (writer.mode === 'shadow' || !writer.plugin.facts.some(fact => fact.name === name)) return false;
    const asked = hooksOf(writer);
    const earlier = asked.some(one => HOOK_NAMES.indexOf(one) < HOOK_NAMES.indexOf(hook));
    return earlier || (position < index && asked.includes(hook));
  });
}

/** Whether a condition may come out as yes, and whether it may come out as no, at a hook. */
function outcomes(condition: Condition, hook: HookName, around: Surroundings): { yes: boolean; no: boolean } {
  switch (condition.kind) {
    case 'all': {
      const of = condition.of.map(one => outcomes(one, hook, around));
      return { yes: of.every(one => one.yes), no: of.some(one => one.no) };
    }
    case 'any': {
      const of = condition.of.map(one => outcomes(one, hook, around));
      return { yes: of.some(one => one.yes), no: of.every(one => one.no) };
    }
    case 'not': {
      const { yes, no } = outcomes(condition.of, hook, around);
      return { yes: no, no: yes };
    }
    default: {
      const known = isKnown(condition, hook, around);
      return { yes: known, no: known };
    }
  }
}

function canHold(condition: Condition, hook: HookName, around: Surroundings): boolean {
  return outcomes(condition, hook, around).yes;
}

/** What a condition looks at that is not known at a hook: `the header is not known there`. */
function unknownAt(condition: Condition, hook: HookName, around: Surroundings): string {
  const unknown = simpleConditions(condition).filter(leaf => !isKnown(leaf, hook, around));
  const names = [
    ...new Set(unknown.map(leaf => (leaf.kind === 'fact' ? `the fact ${leaf.name}` : `the ${leaf.kind}`))),
  ];
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} not known there`;
}
