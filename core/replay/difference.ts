/** What is different between two outcomes of the same message: which decision, from what to what, and who made it. Plain data. */
import type { Decider, ReplayedOutcome, ReplayedRecipient, Way } from './outcome.ts';

/**
 * What a decision was about. `answer`: what the client heard. `recipients`: whom an alias leads to. `fate`: whether it is delivered,
 * held or thrown away. `route`: by which transport, to which hosts. `delivery`: what would come of it, and where it would be put.
 * `content`: the octets that would arrive. `facts`: what was found out.
 */
export type Subject = 'answer' | 'recipients' | 'fate' | 'route' | 'delivery' | 'content' | 'facts';

export interface Difference {
  readonly subject: Subject;
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
  const step = way?.via.at(-1);
  return way === undefined || way.viaBy === null || step === undefined ? null : { who: way.viaBy, rule: step };
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

function ofContent({ content: old }: Way, { content: now }: Way): readonly Difference[] {
  if (old === null || now === null || old.withoutChance === now.withoutChance) return [];
  const lost = old.changes.filter(change => !now.changes.includes(change));
  const gained = now.changes.filter(change => !old.changes.includes(change));
  if (lost.length + gained.length === 0) {
    return [difference('content', ['the same edits', null], ['other octets', deciderOf(now.changedBy)])];
  }
  return [
    difference(
      'content',
      [listed(lost), lost.length === 0 ? null : deciderOf(old.changedBy)],
      [listed(gained), gained.length === 0 ? null : deciderOf(now.changedBy)],
    ),
  ];
}

function listed(changes: readonly string[]): string {
  return changes.length === 0 ? 'nothing' : changes.join('; ');
}

function deciderOf(plugins: readonly string[]): Decider | null {
  return plugins.length === 0 ? null : { who: plugins.join(', '), rule: null };
}

function ofFacts({ facts: old }: Way, { facts: now }: Way): readonly Difference[] {
  if (old === null || now === null) return [];
  const all = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return all.flatMap(name => {
    const [was, is] = [factText(old[name]), factText(now[name])];
    return was === is ? [] : [difference('facts', [`${name} ${was}`, null], [`${name} ${is}`, null])];
  });
}

function factText(value: unknown): string {
  return value === undefined ? 'unknown' : typeof value === 'string' ? value : JSON.stringify(value);
}

type Decided = readonly [text: string | null, by: Decider | null];

function difference(subject: Subject, [from, before]: Decided, [to, after]: Decided): Difference {
  const by =
    after === null
      ? before === null
        ? null
        : { ...before, side: 'old' as const }
      : { ...after, side: 'new' as const };
  return { subject, from: from ?? 'nothing', to: to ?? 'nothing', by };
}
