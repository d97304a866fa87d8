/** What plugins and routes say about each other: transports, hosts, facts, and that somebody accepts recipients. */
import { activities, hooksOf } from './activity.ts';
import { foundByReading } from './analysis/by-reading.ts';
import { rangeOf } from './analysis/fact-values.ts';
import { subjectOf } from './analysis/finding.ts';
import { areHarmless, type Complaints } from './config/complaint.ts';
import type { Destination, PluginEntry, RouteEntry } from './config/configuration.ts';
import { type Draft, nameOf } from './config/load.ts';
import { type Mention, mentions } from './config/mentions.ts';
import { type Path, valueAt } from './config/place.ts';
import { isChallengeMechanism } from './mail/mechanism.ts';
import type { MountedPlugin } from './mounted-plugin.ts';
import type { Fact } from './plugin/fact.ts';
import { HOOK_NAMES, type HookName } from './plugin/hooks.ts';
import { didYouMean, listed } from './plugin/suggest.ts';

/** A draft with those of its plugins that could be mounted. */
interface Ensemble {
  readonly draft: Draft;
  readonly mounted: readonly MountedPlugin[];
  /** Whether every entry of the list is mounted. Otherwise what seems to be missing may be in one that is not. */
  readonly whole: boolean;
  readonly complaints: Complaints;
}

/** Complains about everything that does not fit together. */
export function checkCoherence(draft: Draft, mounted: readonly MountedPlugin[], complaints: Complaints): void {
  const written = valueAt(draft.document, ['plugins']);
  const whole = Array.isArray(written) && written.length === mounted.length;
  const ensemble = { draft, mounted, whole, complaints };
  const { routes, plugins } = draft.configuration;
  for (const route of routes) for (const one of destinationsIn(route)) checkRoute(one, ensemble);
  for (const plugin of mounted) checkLedTo(plugin, ensemble);
  checkRouteList(ensemble);
  for (const entry of [...plugins, ...routes]) checkFacts(entry, ensemble);
  checkAnswers(ensemble);
  // A mistake is often why a plugin is idle: then it is enough to tell of the mistake.
  if (whole && areHarmless(complaints.list())) {
    warnOfIdlePlugins(ensemble);
    for (const finding of foundByReading(subjectOf({ ...draft, mounted }))) complaints.found(finding);
  }
}

/** The plugins whose answers to a hook count. */
function answering(hook: HookName, { mounted }: Ensemble): readonly MountedPlugin[] {
  return mounted.filter(({ instance, mode }) => instance[hook] !== undefined && mode === 'enforce');
}

/** A route with a map leads where its entries say, and nowhere else. */
function destinationsIn(route: RouteEntry): readonly Destination[] {
  return route.map === null ? [route] : [...route.map.entries.values()];
}

/** The transport of a name that stands at `at`; `null`: there is none, and it has been complained about. */
function transportNamed(name: string, at: Path, { mounted, complaints, draft }: Ensemble): MountedPlugin | null {
  const plugin = mounted.find(({ id }) => id === name);
  if (plugin === undefined) {
    if (declaredIds(draft).includes(name)) return null;
    const transports = mounted.filter(({ delivers }) => delivers !== null).map(({ id }) => id);
    const hint = didYouMean(name, transports) || (transports.length > 0 ? `; there are: ${transports.join(', ')}` : '');
    complaints.error('MF_TRANSPORT_UNKNOWN', at, `no plugin is named "${name}"${hint}`);
  } else if (plugin.delivers === null) {
    complaints.error('MF_TRANSPORT_UNKNOWN', at, `"${name}" does not deliver: it does not answer that hook`);
  } else if (plugin.mode === 'shadow') {
    complaints.error('MF_TRANSPORT_UNKNOWN', at, `"${name}" is in shadow mode, so it delivers nothing`);
  } else return plugin;
  return null;
}

/** Recipients are led past the routes to transports that need no hosts. */
function checkLedTo({ entry, instance }: MountedPlugin, ensemble: Ensemble): void {
  for (const { transport, path } of instance.leadsTo ?? []) {
    const at = [...entry.path, 'options', ...path];
    const plugin = transportNamed(transport, at, ensemble);
    if (plugin === null || plugin.delivers === 'here') continue;
    const message = `"${transport}" delivers to hosts, and here none are known: name a plugin that delivers on this machine`;
    ensemble.complaints.error('MF_TRANSPORT_UNKNOWN', at, message);
  }
}

function checkRoute({ deliver, hosts, exchangersOf, tls, path }: Destination, ensemble: Ensemble): void {
  const { whole, complaints, draft } = ensemble;
  const at = placeOf(path, 'deliver', draft);
  const plugin = transportNamed(deliver, at, ensemble);
  if (plugin === null) return;
  if (plugin.delivers === 'here' && hosts !== null) {
    const message = `"${deliver}" delivers on this machine: leave the hosts out`;
    complaints.error('MF_ROUTE_HOSTS', placeOf(path, 'hosts', draft), message, 'key');
  } else if (plugin.delivers === 'here' && (exchangersOf !== null || tls !== null)) {
    const key = exchangersOf === null ? 'tls' : 'exchangersOf';
    complaints.error('MF_ROUTE_HOSTS', placeOf(path, key, draft), `"${deliver}" delivers on this machine`, 'key');
  } else if (hosts !== null && tls?.level === 'sts') {
    const message = 'MTA-STS is about the hosts that DNS names for a domain: say tls: verify for hosts named here';
    complaints.error('MF_ROUTE_HOSTS', placeOf(path, 'tls', draft), message);
  } else if (plugin.delivers === 'to-hosts' && whole && answering('route', ensemble).length === 0) {
    const message = `"${deliver}" delivers to hosts: name them here, or add a plugin that finds them, such as mx-routing`;
    if (hosts === null) complaints.error('MF_ROUTE_HOSTS', at, message);
    const records = 'nobody looks TLSA records up: add a plugin that does, such as mx-routing';
    if (hosts !== null && tls?.level === 'dane')
      complaints.error('MF_ROUTE_HOSTS', placeOf(path, 'tls', draft), records);
  }
}

/** Where a destination says something: an entry of a map may leave it to its route. */
function placeOf(path: Path, key: string, { document }: Draft): Path {
  return valueAt(document, [...path, key]) === undefined ? path : [...path, key];
}

/** The ids of all entries as they are written, also of those that are wrong otherwise. */
function declaredIds({ document }: Draft): readonly string[] {
  const written = valueAt(document, ['plugins']);
  if (!Array.isArray(written)) return [];
  return written.map((_, index) => {
    const id = valueAt(document, ['plugins', index, 'as']);
    const use = valueAt(document, ['plugins', index, 'use']);
    return typeof id === 'string' ? id : nameOf(String(use));
  });
}

function checkRouteList(ensemble: Ensemble): void {
  const { draft, whole, complaints } = ensemble;
  const written = valueAt(draft.document, ['routes']);
  const open = answering('route', ensemble).length > 0;
  if (written === undefined || (Array.isArray(written) && written.length === 0)) {
    const message = 'there are no routes, so no mail could be delivered: add one, such as { deliver: mailboxes }';
    if (whole && !open) complaints.error('MF_ROUTE_MISSING', ['routes'], message);
  }
}

function checkFacts(entry: PluginEntry | RouteEntry, ensemble: Ensemble): void {
  const { draft, mounted, whole, complaints } = ensemble;
  const when = [...entry.path, 'when'];
  const reader = mounted.find(plugin => plugin.entry === entry) ?? null;
  for (const mention of mentions(valueAt(draft.document, when), 'facts', when)) {
    const writers = mounted.filter(({ plugin }) => plugin.facts.some(({ name }) => name === mention.name));
    const facts = mounted.flatMap(({ plugin }) => plugin.facts);
    const [writer] = writers;
    if (writer === undefined) {
      const hint = didYouMean(
        mention.name,
        facts.map(({ name }) => name),
      );
      if (whole)
        complaints.error(
          'MF_CONFIG_REFERENCE',
          mention.path,
          `no plugin writes the fact "${mention.name}"${hint}`,
          'key',
        );
    } else if (writers.every(({ mode }) => mode === 'shadow')) {
      const message = `the fact "${mention.name}" is written by "${writer.id}" alone, which is in shadow mode`;
      complaints.error('MF_CONFIG_REFERENCE', mention.path, message, 'key');
    } else if (reader !== null && !writers.some(one => comesBefore(one, reader, mounted))) {
      const message = `the fact "${mention.name}" is written by "${writer.id}", which stands below: move it up`;
      complaints.error('MF_CONFIG_REFERENCE', mention.path, message, 'key');
    } else
      checkFactValues(
        mention,
        facts.filter(({ name }) => name === mention.name),
        complaints,
      );
  }
}

/** Whether a plugin is asked before another one: because it stands above it, or at an earlier hook. */
function comesBefore(one: MountedPlugin, other: MountedPlugin, mounted: readonly MountedPlugin[]): boolean {
  if (mounted.indexOf(one) < mounted.indexOf(other)) return true;
  const first = hooksOf(one)[0];
  const last = hooksOf(other).at(-1);
  return first !== undefined && last !== undefined && HOOK_NAMES.indexOf(first) < HOOK_NAMES.indexOf(last);
}

function checkFactValues(mention: Mention, facts: readonly Fact[], complaints: Complaints): void {
  const allowed = facts.map(fact => rangeOf(fact).words);
  if (allowed.includes(null)) return;
  const words = [...new Set(allowed.flatMap(one => one ?? []))];
  for (const { text, path } of mention.values.filter(({ text }) => !words.includes(text))) {
    const message = `the fact "${mention.name}" is never "${text}": it is ${listed(words)}${didYouMean(text, words)}`;
    complaints.error('MF_CONFIG_REFERENCE', path, message);
  }
}

function checkAnswers(ensemble: Ensemble): void {
  const { draft, whole, complaints } = ensemble;
  if (!whole) return;
  if (answering('rcpt', ensemble).length === 0) {
    const message = 'no plugin accepts recipients, so all mail would be refused: add one, such as relay-policy';
    complaints.error('MF_RECIPIENTS_REFUSED', ['plugins'], message, 'key');
  }
  const listeners = draft.configuration.listeners.filter(({ auth }) => auth !== 'off');
  const judged = answering('auth', ensemble).length > 0;
  const stored = answering('secret', ensemble).length > 0;
  for (const { mechanisms, path } of listeners) {
    const proving = mechanisms.filter(isChallengeMechanism);
    if (!judged && proving.length < mechanisms.length) {
      const message = 'no plugin knows any user, so nobody could authenticate: add one, such as users';
      complaints.error('MF_LISTENER_AUTH', [...path, 'auth'], message);
    }
    if (!stored && proving.length > 0) {
      const message = `no plugin stores anything to check ${proving.join(' and ')} against: add one that answers secret, such as users`;
      complaints.error('MF_LISTENER_AUTH', [...path, 'mechanisms'], message);
    }
  }
}

function warnOfIdlePlugins({ draft, mounted, complaints }: Ensemble): void {
  for (const { plugin, idle, notes, never } of activities(draft.configuration, mounted)) {
    const reasons = idle ? [...notes, ...new Set(never.map(({ why }) => why))] : notes;
    const message = `${idle ? 'never asked: ' : ''}${reasons.join('; ')}`;
    if (message !== '') complaints.warning('MF_PLUGIN_IDLE', [...plugin.entry.path, 'use'], message);
  }
}
