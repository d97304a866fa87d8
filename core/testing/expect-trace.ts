/**
 * Says what a trace must hold, and where it does not: for any test runner, since it only throws.
 *
 * A hook or an answer that there is not does not compile.
 */
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { Answer, HookName } from '../plugin/hooks.ts';
import { escapeControls } from '../system/escape.ts';

/** What a step may say instead of an answer. */
type NoAnswer = 'silent' | 'skipped' | 'failed' | 'late';

/** One step as it is written: `rcpt aliases expand`. What the engine does, `settle` and `order`, stands there too. */
export type StepText =
  | { readonly [H in HookName]: `${H} ${string} ${Answer<H>['kind'] | NoAnswer}` }[HookName]
  | `${'settle' | 'order'} ${string} ${string}`;

/** One step by what is known of it: what is left out may be anything. */
export interface StepPattern {
  readonly hook?: HookName | 'settle' | 'order';
  readonly plugin?: string;
  readonly answer?: Answer<HookName>['kind'] | NoAnswer | 'delivered' | 'deferred' | 'bounced' | 'notified' | 'damaged';
  readonly mode?: TraceStep['mode'];
  /** Whole, as it stands in the trace, or a pattern. */
  readonly asked?: string | RegExp;
  readonly detail?: string | RegExp;
}

/** How the steps are looked for. */
export interface TraceExpectation {
  /**
   * `in-order`, without it: all of them, in this order, with others between them. `exactly`: these and no others.
   * `any-order`: all of them, wherever they stand.
   */
  readonly match?: 'in-order' | 'exactly' | 'any-order';
  /** Whom nobody must have asked: `data mime-rewrite`, or a plugin alone. A step that says `skipped` asked nobody. */
  readonly never?: readonly (`${HookName} ${string}` | { readonly plugin: string })[];
}

/** The trace is another one. The message shows it, step by step. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/**
 * @throws TraceError where a step is missing, one too many, or one that must not be.
 * @example
 * expectTrace(await gateway.trace(id), ['rcpt aliases expand', 'data mime-rewrite rewrite', 'settle mailframe delivered'], {
 *   never: ['deliver internet'],
 * });
 */
export function expectTrace(
  trace: Trace,
  steps: readonly (StepText | StepPattern)[],
  { match = 'in-order', never = [] }: TraceExpectation = {},
): void {
  const wanted = steps.map(one => (typeof one === 'string' ? patternOf(one) : one));
  const { at, fault } = match === 'any-order' ? anywhere(trace, wanted) : inOrder(trace, wanted, match);
  const asked = trace.findIndex(step => step.answer !== 'skipped' && never.some(one => isForbidden(step, one)));
  const forbidden = trace[asked];
  const why = fault ?? (forbidden === undefined ? null : `${inWords(forbidden)} was asked`);
  if (why !== null)
    throw new TraceError(`the trace is not as expected: ${why}\n${drawn(trace, at, fault === null ? asked : -1)}`);
}

interface Found {
  /** Which steps were meant. */
  readonly at: ReadonlySet<number>;
  readonly fault: string | null;
}

function inOrder(trace: Trace, wanted: readonly StepPattern[], match: 'in-order' | 'exactly'): Found {
  const at = new Set<number>();
  let next = 0;
  for (const pattern of wanted) {
    const found = trace.findIndex((step, index) => index >= next && isMeant(step, pattern));
    if (found < 0) return { at, fault: `${written(pattern)} is missing${next > 0 ? ` after step ${next}` : ''}` };
    at.add(found);
    next = found + 1;
  }
  const odd = match === 'exactly' ? trace.findIndex((_, index) => !at.has(index)) : -1;
  const step = trace[odd];
  return { at, fault: step === undefined ? null : `step ${odd + 1}, ${inWords(step)}, is one too many` };
}

function anywhere(trace: Trace, wanted: readonly StepPattern[]): Found {
  const at = new Set<number>();
  for (const pattern of wanted) {
    const found = trace.findIndex((step, index) => !at.has(index) && isMeant(step, pattern));
    if (found < 0) return { at, fault: `${written(pattern)} is missing` };
    at.add(found);
  }
  return { at, fault: null };
}

function patternOf(text: StepText): StepPattern {
  const [, hook, plugin, answer] = /^(\S+) (.+) (\S+)$/.exec(text) ?? [];
  return { hook, plugin, answer } as StepPattern;
}

function isMeant(step: TraceStep, pattern: StepPattern): boolean {
  return (Object.entries(pattern) as [keyof StepPattern, string | RegExp | undefined][]).every(([key, wanted]) => {
    const said = step[key];
    return wanted instanceof RegExp ? wanted.test(said ?? '') : wanted === undefined || said === wanted;
  });
}

function isForbidden(step: TraceStep, one: string | { readonly plugin: string }): boolean {
  return typeof one === 'string' ? `${step.hook} ${step.plugin}` === one : step.plugin === one.plugin;
}

function inWords({ hook, plugin, answer }: TraceStep): string {
  return `"${hook} ${plugin} ${answer}"`;
}

function written({ mode, asked, detail, ...step }: StepPattern): string {
  const more = Object.entries({ mode, asked, detail }).flatMap(([key, one]) =>
    one === undefined ? [] : [`${key}: ${String(one)}`],
  );
  const [hook, plugin, answer] = [step.hook ?? '*', step.plugin ?? '*', step.answer ?? '*'];
  return `"${hook} ${plugin} ${answer}"${more.length > 0 ? ` (${more.join(', ')})` : ''}`;
}

/** One line a step: `=` before those that were meant, `!` before the one that must not be. */
function drawn(trace: Trace, meant: ReadonlySet<number>, wrong: number): string {
  if (trace.length === 0) return '  (nobody was asked anything)';
  const rows = trace.map(({ hook, plugin, answer, mode, asked, detail }, index) => {
    const mark = index === wrong ? '!' : meant.has(index) ? '=' : ' ';
    const about = [asked, ...(detail === null ? [] : [detail])].join(': ');
    const said = `${hook} ${plugin} ${answer}${mode === 'shadow' ? ' (shadow)' : ''}`;
    return `${mark} ${String(index + 1).padStart(3)}  ${said.padEnd(36)} ${about}`.trimEnd();
  });
  return rows.map(row => `  ${escapeControls(row)}`).join('\n');
}
