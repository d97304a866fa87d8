/** `mailframe queue trace`: the whole life of a mail, in the order in which it happened. */
import { formatMailbox, formatPath } from '../../mail/path.ts';
import type { TraceStep } from '../../mail/trace.ts';
import { escapeControls } from '../../system/escape.ts';
import type { Life } from './life.ts';
import { clientInWords, standInWords, whereInWords } from './show.ts';
import { octetsInWords, timeInWords } from './words.ts';

/** The hooks after the mail was taken, and what happens there without a hook. */
const AFTER = new Set(['route', 'deliver', 'settle', 'order']);

interface Row {
  readonly at: Date | null;
  readonly what: string;
  readonly who: string;
  readonly answer: string;
  readonly text: string;
}

export function traceInWords(life: Life, now: Date): string {
  const { entry, session, trace } = life;
  const { id, envelope, receivedAt, size, recipients } = entry;
  const from = envelope === null ? 'cannot be read' : `from ${formatPath(envelope.reversePath)}`;
  const queued: Row = {
    at: receivedAt,
    what: 'queued',
    who: 'mailframe',
    answer: 'accept',
    text: `as ${id}: ${octetsInWords(size)} ${from}`,
  };
  const taken = trace.findIndex(({ hook }) => AFTER.has(hook));
  const [before, after] = taken === -1 ? [trace, []] : [trace.slice(0, taken), trace.slice(taken)];
  const client = session === null ? [] : [{ ...row('client'), at: timeOf(trace[0]), text: clientInWords(session) }];
  const rows = [...client, ...before.flatMap(rowsOf), queued, ...after.flatMap(rowsOf)];
  const open = life.left === null ? recipients.filter(({ state }) => state !== 'done') : [];
  return [
    `${id}: ${whereInWords(life, now)}`,
    ...aligned(rows),
    ...open.map(one => `${formatMailbox(one.recipient.forwardPath)}: ${standInWords(one, now)}`),
  ]
    .map(line => `${escapeControls(line)}\n`)
    .join('');
}

function row(what: string): Row {
  return { at: null, what, who: '', answer: '', text: '' };
}

function timeOf(step: TraceStep | undefined): Date | null {
  return step === undefined ? null : new Date(step.at);
}

/** A row for the step, and one for each change of the content and for what was found out. */
function rowsOf(step: TraceStep): readonly Row[] {
  const { hook, plugin, mode, answer, asked, detail, took, changes, facts } = step;
  const at = new Date(step.at);
  if (hook === 'settle') return [settled(step, at)];
  const shadow = mode === 'shadow' ? ' (shadow)' : '';
  const lasted = took >= 1 ? ` [${Math.round(took)} ms]` : '';
  const main = { at, what: hook, who: `${plugin}${shadow}`, answer, text: `${said(asked, detail)}${lasted}` };
  const edits = changes.map(
    ({ what, breaks }) => `${what}${breaks.length === 0 ? '' : `; breaks ${breaks.join(', ')}`}`,
  );
  const found = Object.entries(facts).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return [main, ...[...edits, ...found].map(text => ({ ...row(''), text }))];
}

/** What came of an attempt, or a notification that was written. */
function settled({ answer, asked, detail, facts }: TraceStep, at: Date): Row {
  const { attempt, remote, nextAttempt, notification } = facts;
  if (notification !== undefined) {
    return { at, what: 'settle', who: 'mailframe', answer, text: `${asked}, by mail ${String(notification)}` };
  }
  const from = remote === undefined ? '' : `${String(remote)}: `;
  const next = nextAttempt === undefined ? '' : `; next attempt ${timeInWords(new Date(String(nextAttempt)))}`;
  const text = `${said(asked, `${from}${detail ?? ''}`)}${next}`;
  const who = attempt === undefined ? 'mailframe' : `attempt ${String(attempt)}`;
  return { at, what: 'settle', who, answer, text };
}

function said(asked: string, detail: string | null): string {
  return detail === null || detail === '' ? asked : `${asked}: ${detail}`;
}

/** The first columns are as wide as their longest cell; the text is not cut: it is what people came for. */
function aligned(rows: readonly Row[]): readonly string[] {
  const width = (cell: (row: Row) => string) => rows.reduce((most, one) => Math.max(most, cell(one).length), 0);
  const [what, who, answer] = [width(one => one.what), width(one => one.who), width(one => one.answer)];
  return rows.map(one => {
    const time =
      one.at === null ? '' : `${timeInWords(one.at)}.${String(one.at.getUTCMilliseconds()).padStart(3, '0')}`;
    const cells = [time.padEnd(23), one.what.padEnd(what), one.who.padEnd(who), one.answer.padEnd(answer), one.text];
    return cells.join('  ').trimEnd();
  });
}
