/** The report of a replay for a person. */
import type { EnvelopeSource } from '../../corpus/arrival.ts';
import type { Group, ReplayReport, Verdicts } from '../../replay/report.ts';
import { escapeControls } from '../../system/escape.ts';
import { number } from '../progress.ts';

/** So many groups, faults, members and reasons are shown, unless all are wanted. */
const GROUPS = 30;
const FAULTS = 10;
const MEMBERS = 3;
const RULES = 3;

export function reportInWords(report: ReplayReport, all: boolean): string {
  const compared = report.against.kind !== 'nothing';
  const groups = compared ? report.groups : report.outcomes;
  const lines = [
    ...summary(report),
    '',
    ...table(report),
    ...(compared ? ['', verdictLine(report)] : []),
    ...groupLines(groups, all),
    ...faultLines(report, all),
    ...underWayLines(report),
  ];
  return lines.map(line => `${escapeControls(line)}\n`).join('');
}

function summary(report: ReplayReport): readonly string[] {
  const { replayed, threads, took, corpora, ended, configuration, against } = report;
  const seconds = took / 1000;
  const rate = number(replayed / Math.max(seconds, 0.001));
  const on = threads === 1 ? '' : ` on ${threads} threads`;
  const broken = ended === 'interrupted' ? ', and broken off then' : '';
  return [
    `replayed ${messages(replayed)} of ${corpora.join(', ')} in ${seconds.toFixed(1)} s (${rate}/s${on})${broken}`,
    ...configurationLines(against, configuration),
    ...envelopeLines(report),
    ...report.unready.map(
      ({ side, plugin, cause }) => `${plugin} (${side}) could not start where nothing can be acted on: ${cause}`,
    ),
  ];
}

function configurationLines(against: ReplayReport['against'], configuration: string): readonly string[] {
  switch (against.kind) {
    case 'nothing':
      return [`under ${configuration}`];
    case 'traces':
      return ['old: what the gateway did', `new: ${configuration}`];
    case 'configuration':
      return [`old: ${against.file}`, `new: ${configuration}`];
  }
}

const SOURCES: Readonly<Record<EnvelopeSource, string>> = {
  taken: 'as the gateway took it',
  sidecar: 'in a sidecar',
  options: 'as given',
  'delivery-fields': 'as delivery wrote it down',
  header: 'guessed from From, To and Cc',
  nowhere: 'nowhere: left out, --to would name recipients',
};

function envelopeLines({
  envelopes,
  withoutContent,
  others,
  replayed,
  compared,
  against,
}: ReplayReport): readonly string[] {
  const found = (Object.entries(envelopes) as [EnvelopeSource, number][]).filter(([, count]) => count > 0);
  const lines =
    found.length === 0
      ? []
      : [`envelopes: ${found.map(([source, count]) => `${number(count)} ${SOURCES[source]}`).join('; ')}`];
  if (withoutContent > 0) {
    lines.push(`${messages(withoutContent)} without content: only what is decided by the envelope was compared`);
  }
  if (against.kind !== 'nothing' && compared < replayed) {
    lines.push(`${messages(replayed - compared)} with nothing to compare with: --against names another configuration`);
  }
  if (others > 0) lines.push(`${number(others)} left out: no mail, or a notification of the gateway itself`);
  return lines;
}

const COLUMNS = ['accepted', 'deferred', 'refused'] as const;

function table({ verdicts, verdictsBefore, compared, replayed }: ReplayReport): readonly string[] {
  const rows: [string, Verdicts][] = [];
  if (verdictsBefore !== null && compared === replayed) rows.push(['old', verdictsBefore]);
  rows.push([rows.length === 0 ? '' : 'new', verdicts]);
  const line = (name: string, cells: readonly string[]) =>
    `  ${name.padEnd(4)}${cells.map(cell => cell.padStart(11)).join('')}`;
  return [
    line('', COLUMNS),
    ...rows.map(([name, counts]) =>
      line(
        name,
        COLUMNS.map(column => number(counts[column])),
      ),
    ),
  ];
}

function verdictLine({ changed, compared, groups }: ReplayReport): string {
  if (changed === 0) return `nothing changed for ${messages(compared)}`;
  const ways = groups.length === 1 ? 'in one way' : `in ${groups.length} ways`;
  return `${number(changed)} of ${number(compared)} changed, ${ways}`;
}

function groupLines(groups: readonly Group[], all: boolean): readonly string[] {
  const shown = all ? groups : groups.slice(0, GROUPS);
  const left = groups.length - shown.length;
  return [
    ...shown.flatMap(group => ['', ...groupLinesOf(group, all)]),
    ...(left > 0 ? ['', `and ${left} smaller groups: --all shows them`] : []),
  ];
}

/** What is different, in words. */
function changeText({ subject, topic, from, to }: Group): string {
  if (from === null) return to;
  switch (subject) {
    case 'answer':
      return `the client hears: ${from} -> ${to}`;
    case 'recipients':
      return `it leads to: ${from} -> ${to}`;
    case 'fate':
      return `it is: ${from} -> ${to}`;
    case 'route':
      return `route: ${from} -> ${to}`;
    case 'delivery':
      return `delivery: ${from} -> ${to}`;
    case 'facts':
      return `${topic}: ${from} -> ${to}`;
    case 'content':
      if (from === 'nothing') return `content, now also: ${to}`;
      return to === 'nothing' ? `content, no longer: ${from}` : `content: ${from} -> ${to}`;
  }
}

function groupLinesOf(group: Group, all: boolean): readonly string[] {
  const { from, by, count, members } = group;
  const lines = [`${number(count).padStart(6)}  ${changeText(group)}`];
  if (by !== null) lines.push(...deciderLines(by, from === null ? 'one' : 'two', all));
  if (all) return [...lines, ...members.map(name => `        ${name}`)];
  const more = count > MEMBERS ? ` and ${number(count - MEMBERS)} more` : '';
  return [...lines, `        ${members.slice(0, MEMBERS).join(', ')}${more}`];
}

function deciderLines(
  { who, side, at, rules }: NonNullable<Group['by']>,
  configurations: 'one' | 'two',
  all: boolean,
): readonly string[] {
  const place = at === null ? '' : ` (${at.file}:${at.line})`;
  const shown = all ? rules : rules.slice(0, RULES);
  return [
    `        ${side === 'old' && configurations === 'two' ? 'until now by' : 'by'} ${who}${place}`,
    ...shown.map(({ rule, count }) => `          ${rules.length > 1 ? `${number(count)}: ` : ''}${rule}`),
    ...(shown.length < rules.length ? [`          and ${rules.length - shown.length} other reasons`] : []),
  ];
}

function faultLines({ faults }: ReplayReport, all: boolean): readonly string[] {
  if (faults.length === 0) return [];
  const shown = all ? faults : faults.slice(0, FAULTS);
  return [
    '',
    `${messages(faults.length)} could not be replayed:`,
    ...shown.flatMap(({ name, cause }) => [`  ${name}`, ...cause.split('\n').map(line => `    ${line}`)]),
    ...(shown.length < faults.length ? [`  and ${number(faults.length - shown.length)} more: --all shows them`] : []),
  ];
}

function underWayLines({ underWay }: ReplayReport): readonly string[] {
  return underWay.length === 0 ? [] : ['', 'under way when it was broken off:', ...underWay.map(name => `  ${name}`)];
}

function messages(count: number): string {
  return `${number(count)} ${count === 1 ? 'message' : 'messages'}`;
}
