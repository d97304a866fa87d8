/**
 * What is different between two configurations, in sentences for people: what was put in, taken out, moved, and changed
 * from what to what.
 *
 * Guarantee: no secret is in them. Options of plugins may hold passwords under any name: of their values only numbers and
 * switches are shown, and those not under a name that sounds like a secret.
 */
import { isDeepStrictEqual } from 'node:util';
import { formatAddressPattern } from '../mail/address-pattern.ts';
import type { Condition } from '../mail/condition.ts';
import { formatCondition } from '../mail/condition-text.ts';
import { formatDuration, formatSize } from '../mail/quantity.ts';
import { Secret } from '../plugin/secret.ts';
import type { Configuration, ListenerSettings, PluginEntry, QueueSettings, RouteEntry } from './configuration.ts';
import { dotted, type Path } from './place.ts';

type Difference = (path: Path, before: unknown, after: unknown) => string | null;

/** Sections without a shape of their own. */
const SECTIONS: Readonly<
  Record<Exclude<keyof Configuration, 'file' | 'directory' | 'listeners' | 'plugins' | 'routes' | 'queue'>, true>
> = { hostname: true, resolver: true, tlsReports: true, log: true, reload: true };

/** The differences, in the order of the file. */
export function differences(before: Configuration, after: Configuration): readonly string[] {
  const { listeners, plugins, routes, queue } = after;
  const sections = (Object.keys(SECTIONS) as (keyof typeof SECTIONS)[]).flatMap(section =>
    walk([section], before[section], after[section], plain),
  );
  return [
    ...sections,
    ...named('listener', before.listeners, listeners, listenerText),
    ...walk(['queue'], queueView(before.queue), queueView(queue), plain),
    ...ofRules('queue.destinations', before.queue.destinations, queue.destinations, destinationText),
    ...named('plugin', before.plugins, plugins, pluginText),
    ...moved(before.plugins, plugins),
    ...ofRules('route', before.routes, routes, routeText),
  ];
}

/** Entries that have ids: put in, taken out, changed. */
function named<T extends { readonly id: string }>(
  noun: string,
  before: readonly T[],
  after: readonly T[],
  text: { readonly one: (entry: T) => string; readonly inside: (before: T, after: T) => readonly string[] },
): readonly string[] {
  const changed = after.flatMap(one => {
    const was = before.find(({ id }) => id === one.id);
    if (was === undefined) return [`${noun} ${one.id} added: ${text.one(one)}`];
    return text.inside(was, one).map(change => `${noun} ${one.id}: ${change}`);
  });
  const gone = before.filter(({ id }) => !after.some(one => one.id === id));
  return [...changed, ...gone.map(({ id }) => `${noun} ${id} removed`)];
}

const listenerText = {
  one: ({ address, port }: ListenerSettings) => `${address.includes(':') ? `[${address}]` : address}:${port}`,
  inside: ({ path: _was, ...before }: ListenerSettings, { path: _is, ...after }: ListenerSettings) =>
    walk([], before, after, plain),
};

const pluginText = {
  one: ({ use, mode }: PluginEntry) => (mode === 'shadow' ? `${use}, in shadow mode` : use),
  inside: (was: PluginEntry, is: PluginEntry) => {
    const { path: _was, options: before, ...old } = was;
    const { path: _is, options: after, ...fresh } = is;
    return [...walk([], old, fresh, plain), ...walk(['options'], before, after, reticent)];
  },
};

/** Plugins that stand somewhere else among those that both lists have: their order is the order of every chain. */
function moved(before: readonly PluginEntry[], after: readonly PluginEntry[]): readonly string[] {
  const common = (list: readonly PluginEntry[], other: readonly PluginEntry[]) =>
    list.map(({ id }) => id).filter(id => other.some(one => one.id === id));
  const order = common(after, before);
  return isDeepStrictEqual(common(before, after), order)
    ? []
    : [`plugins are asked in another order: ${order.join(', ')}`];
}

/** Entries without ids: what one list has and the other has not. */
function ofRules<T extends object>(
  noun: string,
  before: readonly T[],
  after: readonly T[],
  text: (rule: T) => string,
): readonly string[] {
  const bare = (rules: readonly T[]) => rules.map(rule => withoutPaths(rule));
  const [were, are] = [bare(before), bare(after)];
  const missingIn = (list: readonly unknown[], one: unknown) => !list.some(other => isDeepStrictEqual(other, one));
  const gone = before.flatMap((rule, at) =>
    missingIn(are, were[at]) ? [`${noun} ${at + 1} removed: ${text(rule)}`] : [],
  );
  const fresh = after.flatMap((rule, at) =>
    missingIn(were, are[at]) ? [`${noun} ${at + 1} added: ${text(rule)}`] : [],
  );
  if (gone.length + fresh.length > 0 || isDeepStrictEqual(were, are)) return [...gone, ...fresh];
  return [`${noun}s stand in another order`];
}

function routeText({ when, map, deliver, hosts }: RouteEntry): string {
  const condition = when === null ? 'all mail' : formatCondition(when);
  const by = map === null ? '' : `, by a map of ${map.entries.size} entries`;
  const where = hosts === null ? '' : ` at ${hosts.map(({ name, port }) => `${name}:${port}`).join(', ')}`;
  return `${condition} → ${deliver}${where}${by}`;
}

function destinationText({ match }: QueueSettings['destinations'][number]): string {
  return match.length === 0 ? 'all' : match.map(formatAddressPattern).join(', ');
}

function queueView({ destinations: _destinations, ...queue }: QueueSettings): object {
  return queue;
}

/** Descends where both sides have the same shape. */
function walk(path: Path, before: unknown, after: unknown, say: Difference): readonly string[] {
  if (isSame(before, after)) return [];
  if (isMapping(before) && isMapping(after) && !('kind' in after) && !('kind' in before)) {
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return keys.flatMap(key => walk([...path, key], before[key], after[key], say));
  }
  const said = say(path, before, after);
  return said === null ? [] : [said];
}

const plain: Difference = (path, before, after) => `${dotted(path)}: ${shown(path, before)} → ${shown(path, after)}`;

const reticent: Difference = (path, before, after) => {
  const name = dotted(path);
  if (before === undefined) return `${name} added`;
  if (after === undefined) return `${name} removed`;
  if (Array.isArray(before) && Array.isArray(after)) {
    const [more, fewer] = [missing(after, before), missing(before, after)];
    return more + fewer === 0
      ? `${name}: in another order`
      : `${name}: ${counted(more, 'added')}, ${counted(fewer, 'removed')}`;
  }
  const figures = [before, after].filter(one => typeof one === 'number' || typeof one === 'boolean');
  const sounds = path.some(part => /pass|secret|token|key|pin|credential/i.test(String(part)));
  return figures.length === 2 && !sounds ? `${name}: ${figures.join(' → ')}` : `${name} changed`;
};

function counted(count: number, what: string): string {
  return count === 0 ? `none ${what}` : `${count} ${what}`;
}

function missing(list: readonly unknown[], from: readonly unknown[]): number {
  return list.filter(one => !from.some(other => isSame(one, other))).length;
}

const SIZES = new Set(['maxSize', 'returnUpTo', 'size', 'header', 'commandLine', 'contentLine']);
const DURATIONS = new Set(
  'first longest giveUpAfter warnAfter keep idle command session greetingPause window deadline deliveryDeadline'.split(
    ' ',
  ),
);

/** A value as people write it. */
function shown(path: Path, value: unknown): string {
  if (value === null || value === undefined) return 'none';
  const name = String(path.at(-1));
  if (typeof value === 'number' && SIZES.has(name)) return formatSize(value);
  if (typeof value === 'number' && DURATIONS.has(name)) return formatDuration(value);
  if (name === 'when') return formatCondition(value as Condition);
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(one => shown([], one)).join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

/** Two secrets of the same text are the same. */
function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(revealed(one), revealed(other));
}

function revealed(value: unknown): unknown {
  if (value instanceof Secret) return { secret: value.reveal() };
  if (Array.isArray(value)) return value.map(revealed);
  if (!isMapping(value) || value instanceof Map) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, revealed(inside)]));
}

/** Without where things stand in the file. */
function withoutPaths(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPaths);
  if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, withoutPaths(one)]));
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (key === 'path' ? [] : [[key, withoutPaths(one)]])),
  );
}
