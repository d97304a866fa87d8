/**
 * A mail through the rules.
 *
 * Guarantee: what no rule touches keeps every octet, and where the rules change nothing, the content is the one that came.
 * Rules that only edit the header read no body.
 */
import type { Change, Content, Facts, Log, TooComplex, TreeLimits } from '../../core/index.ts';
import { type Attempt, attempt, edited, type Impossible, type Workpiece } from './attempt.ts';
import type { Tools } from './bench.ts';
import { Draft } from './draft.ts';
import { mailMatches } from './mail-match.ts';
import { meantParts } from './part-match.ts';
import { wrap } from './perform.ts';
import type { Rule } from './rule.ts';

/** What became of a mail. */
export type Rewritten =
  | { readonly kind: 'rewritten'; readonly content: Content; readonly changes: readonly Change[]; readonly done: Done }
  /** A rule would break signatures that it must not break. */
  | { readonly kind: 'refused'; readonly rule: Rule; readonly breaks: readonly string[] }
  | { readonly kind: 'reject'; readonly rule: Rule; readonly text: string }
  | { readonly kind: 'hold'; readonly rule: Rule; readonly reason: string }
  | Impossible;

/** Which rules did what, by their names. */
export interface Done {
  readonly applied: readonly string[];
  readonly skipped: readonly string[];
  readonly broken: readonly string[];
}

/** A mail, and what surrounds the rules. */
export interface Rewriting {
  readonly content: Content;
  readonly facts: Facts;
  readonly limits: TreeLimits;
  readonly tools: Tools;
  readonly log: Log;
  readonly tooComplex: 'reject' | 'hold' | 'pass';
}

/** How the rules go on after one of them. */
type Step =
  | { readonly kind: 'changed'; readonly workpiece: Workpiece; readonly changes: readonly Change[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'skipped' }
  | Exclude<Rewritten, { readonly kind: 'rewritten' }>;

/** Applies the rules one after the other. */
export async function rewriteBy(rules: readonly Rule[], about: Rewriting): Promise<Rewritten> {
  const read = await Draft.of(about.content, about.limits);
  if (read.kind === 'too-large') return read;
  let mail: Workpiece = { draft: read, targets: null, wrapped: false, broken: [] };
  const changes: Change[] = [];
  const applied: string[] = [];
  const skipped: string[] = [];
  for (const rule of rules) {
    const step = await apply(rule, mail, about);
    switch (step.kind) {
      case 'changed':
        mail = { ...step.workpiece, targets: null, wrapped: false };
        changes.push(...step.changes);
        applied.push(rule.name);
        break;
      case 'skipped':
        skipped.push(rule.name);
        break;
      case 'unchanged':
        break;
      default:
        if (step.kind !== 'too-complex' || about.tooComplex !== 'pass') return step;
        about.log.warn('skipped', { rule: rule.name, because: `the mail has more than ${step.limit} ${step.what}` });
        skipped.push(rule.name);
    }
  }
  const broken = [...new Set(changes.flatMap(({ breaks }) => breaks))];
  return { kind: 'rewritten', content: mail.draft.content, changes, done: { applied, skipped, broken } };
}

async function apply(rule: Rule, mail: Workpiece, about: Rewriting): Promise<Step> {
  if (!mailMatches(mail.draft.header, about.facts, rule.mail)) return { kind: 'unchanged' };
  const start = await withTargets(rule, mail);
  if (start === null) return { kind: 'unchanged' };
  if ('kind' in start) return start;
  return settle(rule, start, await attempt(rule.actions, start, about.tools), about);
}

/** The mail with the parts that the rule means; `null` where it asks for some and there are none. */
async function withTargets(rule: Rule, mail: Workpiece): Promise<Workpiece | TooComplex | null> {
  if (rule.parts === null) return mail;
  const outline = await mail.draft.outline();
  if (outline.kind === 'too-complex') return outline;
  const targets = await meantParts(outline.root, mail.draft.content, rule.parts);
  return targets.length === 0 ? null : { ...mail, targets };
}

/** What is made of an attempt: by what it breaks, and what the rule says about that. */
async function settle(rule: Rule, start: Workpiece, tried: Attempt, about: Rewriting): Promise<Step> {
  if (tried.kind === 'reject' || tried.kind === 'hold') return { ...tried, rule };
  if (tried.kind !== 'done') return tried;
  const breaks = [...new Set([...tried.changes.flatMap(change => change.breaks), ...tried.blocked])];
  if (breaks.length === 0 || rule.signed === 'edit') return done(rule, tried, about);
  switch (rule.signed) {
    case 'skip':
      return skip(rule, { breaks }, about);
    case 'refuse':
      return { kind: 'refused', rule, breaks };
    case 'wrap-mixed':
    case 'wrap-message':
      return inWrapping(rule, start, about);
  }
}

type Tried = Extract<Attempt, { readonly kind: 'done' }>;

function done(rule: Rule, { workpiece, changes, undone }: Tried, { log }: Rewriting): Step {
  if (undone.length > 0) log.warn('skipped', { rule: rule.name, because: undone.join('; ') });
  if (changes.length === 0) return undone.length > 0 ? { kind: 'skipped' } : { kind: 'unchanged' };
  const breaks = [...new Set(changes.flatMap(change => change.breaks))];
  const fields = { rule: rule.name, changes: changes.map(({ what }) => what) };
  if (breaks.length > 0) log.warn('edited', { ...fields, breaks });
  else log.info('edited', fields);
  return { kind: 'changed', workpiece, changes };
}

function skip(rule: Rule, why: Readonly<Record<string, unknown>>, { log }: Rewriting): Step {
  log.info('skipped', { rule: rule.name, ...why });
  return { kind: 'skipped' };
}

/** Wraps the mail and tries again. What is signed must then be what it was, or the rule is left out. */
async function inWrapping(rule: Rule, start: Workpiece, about: Rewriting): Promise<Step> {
  const outline = await start.draft.outline();
  if (outline.kind === 'too-complex') return outline;
  const as = rule.signed === 'wrap-message' ? 'message' : 'mixed';
  const bench = { ...about.tools, ...start, root: outline.root };
  const wrapped = await edited({ ...start, wrapped: true }, wrap(bench, as, null));
  if ('kind' in wrapped) return wrapped;
  const tried = await attempt(rule.actions, wrapped.workpiece, about.tools);
  if (tried.kind === 'reject' || tried.kind === 'hold') return { ...tried, rule };
  if (tried.kind !== 'done') return tried;
  const changes = [wrapped.change, ...tried.changes];
  const breaks = [...new Set([...changes.flatMap(change => change.breaks), ...tried.blocked])];
  const lost = as === 'message' ? breaks : breaks.filter(words => !words.startsWith('DKIM '));
  if (lost.length > 0) return skip(rule, { breaks: lost, because: 'wrapping the mail does not help' }, about);
  if (tried.changes.length === 0) return skip(rule, { because: 'wrapping the mail leaves nothing to do' }, about);
  return done(rule, { ...tried, changes }, about);
}
