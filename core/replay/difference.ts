/** What is different between two outcomes of the same message: which decision, from what to what, and who made it. Plain data. */
import type { Decider, Edit, NotedFact, ReplayedOutcome, ReplayedRecipient, Way } from './outcome.ts';

/**
 * What a decision was about. `answer`: what the client heard. `recipients`: whom an alias leads to. `fate`: whether it is delivered,
 * held or thrown away. `route`: by which transport, to which hosts. `delivery`: what would come of it, and where it would be put.
 * `content`: the octets that would arrive. `facts`: what was found out.
 */
export type Subject = 'answer' | 'recipients' | 'fate' | 'route' | 'delivery' | 'content' | 'facts';

export interface Difference {
  readonly subject: Subject;
  /** The name of the fact. */
  readonly topic: string | null;
  readonly from: string;
  readonly to: string;
  /** Who decided as it is under the new configuration; where that decides nothing, who did under the old one. */
  readonly by: (Decider & { readonly side: 'old' | 'new' }) | null;
}

/**
 * Compares two outcomes. A decision that makes others moot hides them: of mail that is refused now, nobody is told that it has no
 * route either. What one side does not know is not compared.
 */
export function differencesOf(old: ReplayedOutcome, now: ReplayedOutcome): readonly Difference[] {
  const differences = now.recipients.flatMap((recipient, index) => {
    const before = old.recipients[index];
    return before === undefined ? [] : ofRecipient(before, recipient);
  });
  const unique = new Map(differences.map(one => [JSON.stringify(one), one]));
  return [...unique.values()];
}

function ofRecipient(old: ReplayedRecipient, now: ReplayedRecipient): readonly Difference[] {
  if (old.answer !== now.answer) {
    return [difference('answer', [old.answer, old.answeredBy], [now.answer, now.answeredBy])];
  }
  if (old.ways === null || now.ways === null) return [];
  const before = new Map(old.ways.map(way => [way.to, way]));
  const after = new Map(now.ways.map(way => [way.to, way]));
  const common = now.ways.flatMap(way => {
    const was = before.get(way.to);
    return was === undefined ? [] : ofWay(was, way);
  });
  const isSame = before.size === after.size && now.ways.every(({ to }) => before.has(to));
  return isSame ? common : [ofExpansions(old.ways, now.ways), ...common];
}

function ofExpansions(old: readonly Way[], now: readonly Way[]): Difference {
  const gained = now.find(({ to }) => !old.some(one => one.to === to));
  const lost = old.find(({ to }) => !now.some(one => one.to === to));
  return difference('recipients', [names(old), expander(lost)], [names(now), expander(gained)]);
}

function names(ways: readonly Way[]): string {
  return ways.length === 0
    ? 'nobody'
    : ways
        .map(({ to }) => to)
        .toSorted()
        .join(', ');
}

function expander(way: Way | undefined): Decider | null {
  return way === undefined || way.viaBy === null ? null : { who: way.viaBy, rule: way.via.at(-1) ?? null };
}

function ofWay(old: Way, now: Way): readonly Difference[] {
  if (differ(old.fate, now.fate)) return [difference('fate', [old.fate, old.fateBy], [now.fate, now.fateBy])];
  if (differ(old.transport, now.transport) || differ(hostsOf(old), hostsOf(now))) {
    const [from, to] =
      old.transport === now.transport ? [hostsText(old), hostsText(now)] : [old.transport, now.transport];
    return [difference('route', [from, old.routeBy], [to, now.routeBy])];
  }
  if (differ(old.outcome, now.outcome)) {
    return [difference('delivery', [old.outcome, old.outcomeBy], [now.outcome, now.outcomeBy])];
  }
  const placed = differ(old.act, now.act)
    ? [difference('delivery', [old.act, old.outcomeBy], [now.act, now.outcomeBy])]
    : [];
  return [...placed, ...ofContent(old, now), ...ofFacts(old, now)];
}

/** What nobody knows differs from nothing. */
function differ(old: string | null, now: string | null): boolean {
  return old !== null && now !== null && old !== now;
}

function hostsOf({ hosts }: Way): string | null {
  return hosts?.join() ?? null;
}

function hostsText({ transport, hosts }: Way): string {
  return `${transport ?? 'nowhere'} to ${hosts?.join(', ') ?? 'nobody'}`;
}

/** Each edit for itself; where the edits are the same and the octets are not, who edited. */
function ofContent({ content: old }: Way, { content: now }: Way): readonly Difference[] {
  if (old === null || now === null || old.withoutChance === now.withoutChance) return [];
  const lost = missingFrom(now.edits, old.edits).map(edit => edited(edit, 'old'));
  const gained = missingFrom(old.edits, now.edits).map(edit => edited(edit, 'new'));
  if (lost.length + gained.length > 0) return [...lost, ...gained];
  const editors = [...new Set(now.edits.map(({ by }) => by))];
  const by = editors.length === 0 ? null : { who: editors.join(', '), rule: null };
  return [difference('content', ['the same edits', null], ['other octets', by])];
}

function missingFrom(those: readonly Edit[], these: readonly Edit[]): readonly Edit[] {
  return these.filter(edit => !those.some(({ what, by }) => what === edit.what && by === edit.by));
}

function edited({ what, by }: Edit, side: 'old' | 'new'): Difference {
  const decided = { who: by, rule: null };
  return side === 'old'
    ? difference('content', [what, decided], [null, null])
    : difference('content', [null, null], [what, decided]);
}

function ofFacts({ facts: old }: Way, { facts: now }: Way): readonly Difference[] {
  if (old === null || now === null) return [];
  const all = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return all.flatMap(name => {
    const [was, is] = [old[name], now[name]];
    const [from, to] = [factText(was), factText(is)];
    return from === to ? [] : [{ ...difference('facts', [from, noter(was)], [to, noter(is)]), topic: name }];
  });
}

function factText(fact: NotedFact | undefined): string {
  if (fact === undefined) return 'not known';
  return typeof fact.value === 'string' ? fact.value : JSON.stringify(fact.value);
}

function noter(fact: NotedFact | undefined): Decider | null {
  return fact === undefined || fact.by === null ? null : { who: fact.by, rule: null };
}

type Decided = readonly [text: string | null, by: Decider | null];

function difference(subject: Subject, [from, before]: Decided, [to, after]: Decided): Difference {
  const by =
    after === null
      ? before === null
        ? null
        : { ...before, side: 'old' as const }
      : { ...after, side: 'new' as const };
  return { subject, topic: null, from: from ?? 'nothing', to: to ?? 'nothing', by };
}
