/** The actions of one rule, tried on a mail: what would come out, and what it would cost. Nothing is decided here. */
import type { Change, Edit, PartOutline, TooComplex } from '../../core/index.ts';
import type { Action } from './action.ts';
import type { ActionEdit, Tools } from './bench.ts';
import { Draft } from './draft.ts';
import { headerEdit } from './header-action.ts';
import { perform } from './perform.ts';
import { partsAfter } from './tracking.ts';
import { touchedWrappers } from './wrapper-breaks.ts';

/** The mail with a rule on it. */
export interface Workpiece {
  readonly draft: Draft;
  /** The parts that the rule means; `null`: it asks for none. */
  readonly targets: readonly PartOutline[] | null;
  readonly wrapped: boolean;
  /** Signatures that no longer hold, in words: they cannot be broken again. */
  readonly broken: readonly string[];
}

/** What trying the actions gave. */
export type Attempt =
  | {
      readonly kind: 'done';
      readonly workpiece: Workpiece;
      readonly changes: readonly Change[];
      /** What was left undone, and why. */
      readonly undone: readonly string[];
      /** Signatures that kept something from being done. */
      readonly blocked: readonly string[];
    }
  | { readonly kind: 'reject'; readonly text: string }
  | { readonly kind: 'hold'; readonly reason: string }
  | Impossible;

/** Why a mail cannot be worked on. */
export type Impossible = { readonly kind: 'too-large'; readonly limit: number } | TooComplex;

/** Tries actions one after the other, each on what the one before has made. */
export async function attempt(actions: readonly Action[], start: Workpiece, tools: Tools): Promise<Attempt> {
  let workpiece = start;
  const changes: Change[] = [];
  const undone: string[] = [];
  const blocked: string[] = [];
  for (const action of actions) {
    tools.signal.throwIfAborted();
    if (action.kind === 'reject' || action.kind === 'hold') return action;
    const made = await editFor(action, workpiece, tools);
    if ('kind' in made) return made;
    undone.push(...(made.undone ?? []));
    blocked.push(...(made.blocked ?? []));
    if (made.edits.length === 0) continue;
    const next = await edited(workpiece, made);
    if ('kind' in next) return next;
    workpiece = next.workpiece;
    changes.push(next.change);
  }
  return { kind: 'done', workpiece, changes, undone, blocked };
}

async function editFor(
  action: Exclude<Action, { readonly kind: 'reject' | 'hold' }>,
  { draft, targets, wrapped }: Workpiece,
  tools: Tools,
): Promise<ActionEdit | Impossible> {
  switch (action.kind) {
    case 'add':
    case 'replace':
    case 'remove':
    case 'rename':
    case 'fold':
    case 'subjectTag':
      return headerEdit(draft.header, action);
    default: {
      const outline = await draft.outline();
      if (outline.kind === 'too-complex') return outline;
      return perform(action, { ...tools, draft, root: outline.root, targets, wrapped });
    }
  }
}

/** The mail after an action, with the parts that the rule means found again. */
export async function edited(
  workpiece: Workpiece,
  { edits, what }: ActionEdit,
): Promise<{ readonly workpiece: Workpiece; readonly change: Change } | Impossible> {
  const { draft, targets } = workpiece;
  const after = await draft.edited(edits);
  if (after.kind === 'too-large') return after;
  const lost = (await draft.brokenIn(after, edits)).filter(words => !workpiece.broken.includes(words));
  const breaks = [...lost, ...(await wrappersIn(draft, edits, lost))];
  const found = targets === null ? null : await foundAgain(targets, edits, after);
  if (found !== null && 'kind' in found) return found;
  // Paths of parts may mean others after an edit; the name of a DKIM signature stays.
  const broken = [...workpiece.broken, ...lost.filter(words => /^DKIM .*\)$/.test(words))];
  return { workpiece: { ...workpiece, draft: after, targets: found, broken }, change: { what, breaks } };
}

async function foundAgain(targets: readonly PartOutline[], edits: readonly Edit[], after: Draft) {
  const outline = await after.outline();
  return outline.kind === 'too-complex' ? outline : partsAfter(targets, edits, outline.root);
}

/** Only edits beyond the header of the mail can be inside of something. */
async function wrappersIn(draft: Draft, edits: readonly Edit[], broken: readonly string[]): Promise<readonly string[]> {
  if (edits.every(({ end }) => end <= draft.header.bodyStart)) return [];
  const outline = await draft.outline();
  return outline.kind === 'tree' ? touchedWrappers(outline.root, edits, broken) : [];
}
