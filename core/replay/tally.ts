/** Counts what is heard of messages, in the order of the corpus, whatever the order in which they are answered. */
import type { EnvelopeSource } from '../corpus/arrival.ts';
import { ENVELOPE_SOURCES } from '../corpus/arrival.ts';
import type { Position } from '../mail/error.ts';
import type { Verdict } from '../rehearsal/rehearsal.ts';
import type { Difference } from './difference.ts';
import type { Replayed, Result } from './protocol.ts';
import type { Group, ReplayReport } from './report.ts';

/** Reasons beyond these are counted together: some plugins have one for each message. */
const MOST_RULES = 50;
const OTHER_RULES = 'other reasons';

/** Where the plugins and routes of a configuration stand, by id and as `routes[2]`. */
export type Positions = ReadonlyMap<string, Position>;

type Grouped = Pick<Difference, 'subject' | 'to' | 'by'> & { readonly from?: string };

export class Tally {
  readonly #positions: { readonly old: Positions; readonly new: Positions };
  readonly #waiting = new Map<number, { readonly name: string; readonly result: Result }>();
  readonly #groups = new Groups();
  readonly #outcomes = new Groups();
  readonly #faults: { readonly name: string; readonly cause: string }[] = [];
  readonly #verdicts = new Map<Verdict, number>();
  readonly #before = new Map<Verdict, number>();
  readonly #envelopes = new Map<EnvelopeSource, number>();
  #next = 0;
  #replayed = 0;
  #compared = 0;
  #changed = 0;
  #withoutContent = 0;

  constructor(positions: { readonly old: Positions; readonly new: Positions }) {
    this.#positions = positions;
  }

  /** The number of the first message that was not heard of. */
  get next(): number {
    return this.#next;
  }

  get changed(): number {
    return this.#changed;
  }

  hear(number: number, name: string, result: Result): void {
    this.#waiting.set(number, { name, result });
    for (let heard = this.#take(); heard !== undefined; heard = this.#take()) this.#count(heard.name, heard.result);
  }

  /** Counts what was heard although others before it were not: for a replay that is broken off. */
  flush(): void {
    const rest = [...this.#waiting].sort(([one], [other]) => one - other);
    this.#waiting.clear();
    for (const [, { name, result }] of rest) this.#count(name, result);
  }

  counts(): Omit<
    ReplayReport,
    'corpora' | 'configuration' | 'against' | 'others' | 'unready' | 'ended' | 'took' | 'threads'
  > {
    return {
      replayed: this.#replayed,
      compared: this.#compared,
      changed: this.#changed,
      verdicts: verdictsIn(this.#verdicts),
      verdictsBefore: this.#compared === 0 ? null : verdictsIn(this.#before),
      envelopes: Object.fromEntries(
        ENVELOPE_SOURCES.map(source => [source, this.#envelopes.get(source) ?? 0]),
      ) as ReplayReport['envelopes'],
      withoutContent: this.#withoutContent,
      groups: this.#groups.list(this.#positions),
      outcomes: this.#outcomes.list(this.#positions),
      faults: this.#faults,
    };
  }

  #take() {
    const heard = this.#waiting.get(this.#next);
    if (heard !== undefined) this.#waiting.delete(this.#next++);
    return heard;
  }

  #count(name: string, result: Result): void {
    if (result.kind === 'fault') this.#faults.push({ name, cause: result.cause });
    else if (result.kind === 'addressless') increment(this.#envelopes, 'nowhere');
    else this.#countReplayed(name, result);
  }

  #countReplayed(name: string, { source, kept, verdict, before, standings, differences }: Replayed): void {
    this.#replayed += 1;
    if (kept === 'envelope') this.#withoutContent += 1;
    if (before !== null) this.#compared += 1;
    if (differences.length > 0) this.#changed += 1;
    increment(this.#envelopes, source);
    increment(this.#verdicts, verdict);
    if (before !== null) increment(this.#before, before);
    this.#groups.add(name, differences);
    this.#outcomes.add(name, standings);
  }
}

interface Collected {
  readonly one: Grouped;
  readonly members: string[];
  readonly rules: Map<string, number>;
}

class Groups {
  readonly #byKey = new Map<string, Collected>();

  add(name: string, all: readonly Grouped[]): void {
    for (const one of all) {
      const key = JSON.stringify([one.subject, one.from ?? null, one.to, one.by?.who ?? null, one.by?.side ?? null]);
      const group = this.#byKey.get(key) ?? { one, members: [], rules: new Map<string, number>() };
      this.#byKey.set(key, group);
      if (group.members.at(-1) !== name) group.members.push(name);
      const rule = one.by?.rule ?? null;
      if (rule !== null)
        increment(group.rules, group.rules.has(rule) || group.rules.size < MOST_RULES ? rule : OTHER_RULES);
    }
  }

  list(positions: { readonly old: Positions; readonly new: Positions }): readonly Group[] {
    // Sorting keeps the order of what is alike: that of the corpus.
    const ordered = [...this.#byKey.values()].sort((one, other) => other.members.length - one.members.length);
    return ordered.map(({ one: { subject, from = null, to, by }, members, rules }): Group => {
      const counted = [...rules].map(([rule, count]) => ({ rule, count }));
      const decider = by === null ? null : { who: by.who, side: by.side, at: positions[by.side].get(by.who) ?? null };
      return {
        subject,
        from,
        to,
        by: decider === null ? null : { ...decider, rules: counted.sort((one, other) => other.count - one.count) },
        count: members.length,
        members,
      };
    });
  }
}

function increment<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function verdictsIn(counts: ReadonlyMap<Verdict, number>) {
  return {
    accepted: counts.get('accepted') ?? 0,
    deferred: counts.get('deferred') ?? 0,
    refused: counts.get('refused') ?? 0,
  };
}
