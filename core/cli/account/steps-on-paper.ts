/** The steps of a trace on paper: who was asked, what it answered and why, how long that took, and what it changed. */
import type { Trace, TraceStep } from '../../mail/trace.ts';
import { lengthOf, type Paper, type Style } from '../paper.ts';
import { timeInWords } from '../queue/words.ts';
import type { ChangeAccount } from './account.ts';
import { changeOnPaper } from './change-on-paper.ts';

export interface StepSettings {
  /** So wide are the columns. */
  readonly who: number;
  readonly answer: number;
  /** Those that are known in detail. */
  readonly changes: readonly ChangeAccount[];
  /** Whether it matters when it was. */
  readonly times: boolean;
  /** Whether the hook is named: where no headline does. */
  readonly hooks?: boolean;
}

const STYLES: Readonly<Record<string, Style>> = {
  accept: 'good',
  expand: 'good',
  authenticated: 'good',
  delivered: 'good',
  route: 'good',
  report: 'good',
  rewrite: 'news',
  note: 'news',
  offer: 'news',
  reject: 'bad',
  failed: 'bad',
  late: 'bad',
  bounced: 'bad',
  damaged: 'bad',
  defer: 'warn',
  deferred: 'warn',
  hold: 'warn',
  discard: 'warn',
  notified: 'warn',
  silent: 'dim',
  skipped: 'dim',
};

/** As wide as the longest cell. */
export function widthsOf(steps: Trace): Pick<StepSettings, 'who' | 'answer'> {
  const widest = (cell: (step: TraceStep) => string) =>
    steps.reduce((most, step) => Math.max(most, lengthOf(cell(step))), 0);
  return { who: widest(whoIn), answer: widest(({ answer }) => answer) };
}

export function stepsOnPaper(paper: Paper, steps: Trace, settings: StepSettings): void {
  for (const step of steps) stepOnPaper(paper, step, settings);
}

function stepOnPaper(paper: Paper, step: TraceStep, { who, answer, changes, times, hooks }: StepSettings): void {
  const { hook, took, detail, asked } = step;
  const style = STYLES[step.answer] ?? 'plain';
  const isQuiet = style === 'dim';
  const when = times && hooks === true ? [{ text: `${timeInWords(new Date(step.at))}  `, style: 'dim' as const }] : [];
  const what = hooks === true ? [{ text: hook, width: 9, style: 'dim' as const }] : [];
  // What a delivery came to names its recipients again.
  const isNamed = hooks !== true || asked === '' || (hook === 'deliver' && detail !== null);
  const text = `${isNamed ? '' : `${asked}${detail === null ? '' : ': '}`}${detail ?? ''}${nextIn(step)}`;
  const lasted = took >= 1 ? `${text === '' ? '' : '  '}[${millisecondsInWords(took)}]` : '';
  paper.row(
    [
      { text: hooks === true ? '  ' : '    ' },
      ...when,
      ...what,
      { text: whoIn(step), width: who + 2, style: isQuiet ? 'dim' : 'plain' },
      { text: step.answer, width: answer + 2, style },
    ],
    text + lasted,
    isQuiet ? 'dim' : 'plain',
  );
  const indent = hooks === true ? 6 : 8;
  const known = changes.find(change => change.step === step);
  for (const { what: made, breaks } of step.changes) {
    const broken = known !== undefined || breaks.length === 0 ? '' : `; breaks ${breaks.join(', ')}`;
    paper.row([{ text: ' '.repeat(indent) }], `${made}${broken}`, 'news');
  }
  if (known !== undefined) changeOnPaper(paper, known, { indent, by: null });
  const found = hook === 'settle' ? [] : Object.entries(step.facts);
  for (const [name, value] of found) {
    paper.row([{ text: ' '.repeat(indent) }], `${name} = ${JSON.stringify(value)}`, 'news');
  }
}

/** With a blank at which no line ends. */
function millisecondsInWords(took: number): string {
  return `${took < 10 ? took.toFixed(1) : Math.round(took)}\u00a0ms`;
}

function whoIn({ plugin, mode, hook, facts: { attempt } }: TraceStep): string {
  if (hook === 'settle' && attempt !== undefined) return `attempt ${String(attempt)}`;
  return mode === 'shadow' ? `${plugin} (shadow)` : plugin;
}

/** When it is tried again, or by which mail somebody was told. */
function nextIn({ hook, facts: { nextAttempt, notification, remote } }: TraceStep): string {
  if (hook !== 'settle') return '';
  const by = remote === undefined ? '' : ` (${String(remote)})`;
  if (notification !== undefined) return `, by mail ${String(notification)}`;
  return nextAttempt === undefined ? by : `${by}; next attempt ${timeInWords(new Date(String(nextAttempt)))}`;
}
