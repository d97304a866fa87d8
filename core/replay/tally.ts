/** Counts what is heard of messages, in the order of the corpus, whatever the order in which they are answered. */
import type { EnvelopeSource } from '../corpus/arrival.ts';
import { ENVELOPE_SOURCES } from '../corpus/arrival.ts';
import type { Verdict } from '../rehearsal/rehearsal.ts';
import { Groups, increment, type Sides } from './groups.ts';
import type { Replayed, Result } from './protocol.ts';
import type { ReplayReport } from './report.ts';

export class Tally {
  readonly #positions: Sides;
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

  constructor(positions: Sides) {
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
    'corpora' | 'configuration' | 'against' | 'others' | 'unready' | 'ended' | 'underWay' | 'took' | 'threads'
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

function verdictsIn(counts: ReadonlyMap<Verdict, number>) {
  return {
    accepted: counts.get('accepted') ?? 0,
    deferred: counts.get('deferred') ?? 0,
    refused: counts.get('refused') ?? 0,
  };
}
