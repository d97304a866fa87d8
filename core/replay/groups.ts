/**
 * Puts together what happened to many messages alike. What has a text of its own for each message, as some replies have, would make
 * as many groups: of those that differ in the text alone the largest stay, and the others become one.
 */
import type { Position } from '../mail/error.ts';
import type { Difference } from './difference.ts';
import type { Group } from './report.ts';

/** So many groups that differ in their texts alone. */
const MOST_ALIKE = 8;
const VARIOUS = 'various';
/** Reasons beyond these are counted together. */
const MOST_RULES = 50;
const OTHER_RULES = 'other reasons';

/** Where the plugins and routes of a configuration stand, by id and as `routes[2]`. */
export type Positions = ReadonlyMap<string, Position>;

export interface Sides {
  readonly old: Positions;
  readonly new: Positions;
}

export type Grouped = Omit<Difference, 'from'> & { readonly from?: string };

interface Collected {
  readonly one: Grouped;
  readonly members: readonly string[];
  readonly rules: ReadonlyMap<string, number>;
}

interface Collecting extends Collected {
  readonly members: string[];
  readonly rules: Map<string, number>;
}

export class Groups {
  readonly #byKey = new Map<string, Collecting>();

  add(name: string, all: readonly Grouped[]): void {
    for (const one of all) {
      const key = JSON.stringify([likeness(one), one.from, one.to]);
      const group = this.#byKey.get(key) ?? { one, members: [], rules: new Map<string, number>() };
      this.#byKey.set(key, group);
      if (group.members.at(-1) !== name) group.members.push(name);
      const rule = one.by?.rule ?? null;
      if (rule !== null) increment(group.rules, known(group.rules, rule));
    }
  }

  /** Most members first; what has as many is in the order of the corpus. */
  list(positions: Sides): readonly Group[] {
    const families = Map.groupBy(byMembers([...this.#byKey.values()]), ({ one }) => likeness(one));
    const all = [...families.values()].flatMap(family =>
      family.length <= MOST_ALIKE
        ? family
        : [...family.slice(0, MOST_ALIKE - 1), together(family.slice(MOST_ALIKE - 1))],
    );
    return byMembers(all).map(one => groupOf(one, positions));
  }
}

/** What groups have in common that differ in their texts alone. */
function likeness({ subject, topic, by }: Grouped): string {
  return JSON.stringify([subject, topic, by?.who, by?.side]);
}

function known(rules: ReadonlyMap<string, number>, rule: string): string {
  return rules.has(rule) || rules.size < MOST_RULES ? rule : OTHER_RULES;
}

function byMembers(groups: readonly Collected[]): readonly Collected[] {
  return groups.toSorted((one, other) => other.members.length - one.members.length);
}

function together(family: readonly Collected[]): Collected {
  const [first, ...others] = family;
  if (first === undefined) throw new RangeError('there is nothing to put together');
  const rules = new Map<string, number>();
  for (const one of family) for (const [rule, count] of one.rules) increment(rules, known(rules, rule), count);
  const from = first.one.from === undefined ? {} : { from: VARIOUS };
  const members = [...new Set([first, ...others].flatMap(one => one.members))];
  return { one: { ...first.one, ...from, to: VARIOUS }, members, rules };
}

function groupOf({ one: { subject, topic, from, to, by }, members, rules }: Collected, positions: Sides): Group {
  const counted = [...rules].map(([rule, count]) => ({ rule, count })).sort((one, other) => other.count - one.count);
  const decider =
    by === null ? null : { who: by.who, side: by.side, at: positions[by.side].get(by.who) ?? null, rules: counted };
  return { subject, topic, from: from ?? null, to, by: decider, count: members.length, members };
}

export function increment<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}
