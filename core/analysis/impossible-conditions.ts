/** Conditions that hold of no mail: what they ask contradicts itself, or what the listeners allow. */
import type { PluginEntry, RouteEntry } from '../config/configuration.ts';
import { type Path, valueAt } from '../config/place.ts';
import { conditionSchema } from '../config/when.ts';
import type { Condition } from '../mail/condition.ts';
import { formatCondition } from '../mail/condition-text.ts';
import { HOOK_NAMES } from '../plugin/hooks.ts';
import type { Finding, Subject } from './finding.ts';
import { exampleOf } from './implication.ts';

/** Each condition that can never hold, and each alternative in one. */
export function impossibleConditions(subject: Subject): readonly Finding[] {
  const { configuration, mounted } = subject;
  // Of a transport, `when` means nothing: that is told elsewhere.
  const asked = mounted.filter(
    ({ instance }) =>
      instance.around !== undefined || HOOK_NAMES.some(hook => hook !== 'deliver' && instance[hook] !== undefined),
  );
  return [...asked.map(({ entry }) => entry), ...configuration.routes].flatMap(entry => inEntry(entry, subject));
}

/** Whether the condition of a route or a plugin can never hold. */
export function isImpossible(when: Condition | null, { setting }: Subject): boolean {
  return when !== null && exampleOf([when], setting) === null;
}

function inEntry(entry: PluginEntry | RouteEntry, subject: Subject): readonly Finding[] {
  const { when, path } = entry;
  if (when === null) return [];
  const at = [...path, 'when'];
  if (isImpossible(when, subject)) return [finding(when, at, 'this holds of no mail', subject)];
  return alternativesIn(valueAt(subject.document, at), at).flatMap(({ condition, path: where }) =>
    isImpossible(condition, subject) ? [finding(condition, where, 'this alternative holds of no mail', subject)] : [],
  );
}

function finding(condition: Condition, path: Path, what: string, subject: Subject): Finding {
  const core = heart(condition, subject);
  const message = `${what}: ${formatCondition(core)}${hints(core, subject)}`;
  return { code: 'MF_CONDITION_NEVER', severity: 'warning', path, at: 'key', message };
}

/** What is left of a condition that never holds when all is taken away that is not to blame. */
function heart(condition: Condition, { setting }: Subject): Condition {
  if (condition.kind !== 'all') return condition;
  let parts = condition.of.flatMap(one => (one.kind === 'all' ? one.of : [one]));
  for (const part of parts) {
    const without = parts.filter(one => one !== part);
    if (without.length > 0 && exampleOf(without, setting) === null) parts = without;
  }
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: 'all', of: parts };
}

/** What the listeners have to do with it. */
function hints(condition: Condition, { setting }: Subject): string {
  const parts = condition.kind === 'all' ? condition.of : [condition];
  const ids = parts.flatMap(part => (part.kind === 'listener' ? part.ids : []));
  const kinds = new Set(parts.map(({ kind }) => kind));
  const sessions = setting.sessions.filter(({ listener }) => ids.length === 0 || ids.includes(listener));
  const words: string[] = [];
  if (kinds.has('tls')) {
    if (sessions.every(({ tls }) => !tls.includes(true)))
      words.push(ids.length > 0 ? 'it has no TLS' : 'no listener has TLS');
    else if (sessions.every(({ tls }) => !tls.includes(false))) words.push('it has TLS from the first octet');
  }
  if (kinds.has('authenticated') && sessions.every(({ authenticated }) => !authenticated.includes(true))) {
    words.push(ids.length > 0 ? 'it has no auth' : 'no listener has auth');
  }
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

interface Alternative {
  readonly condition: Condition;
  readonly path: Path;
}

/** The entries of every `any` in a written condition, each with its place. */
function alternativesIn(written: unknown, path: Path): readonly Alternative[] {
  if (typeof written !== 'object' || written === null) return [];
  const keys = written as Readonly<Record<string, unknown>>;
  return (['any', 'all', 'not'] as const).flatMap(key => {
    const value = keys[key];
    const entries = Array.isArray(value)
      ? value.map((one, index) => [one, [...path, key, index]] as const)
      : [[value, [...path, key]] as const];
    return entries.flatMap(([one, at]) => [...(key === 'any' ? alternative(one, at) : []), ...alternativesIn(one, at)]);
  });
}

function alternative(written: unknown, path: Path): readonly Alternative[] {
  const read = conditionSchema.safeParse(written);
  return read.success ? [{ condition: read.data, path }] : [];
}
