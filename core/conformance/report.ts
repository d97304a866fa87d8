/** What the suite has found, for people: one line a case, and the dialogue where one failed. */
import { escapeControls } from '../system/escape.ts';
import type { CaseResult } from './conformance-case.ts';

const MARKS: Readonly<Record<CaseResult['outcome'], string>> = { passed: 'ok', failed: 'NO', 'not-applicable': '--' };

/** How many came out how. */
export function countsOf(results: readonly CaseResult[]): Readonly<Record<CaseResult['outcome'], number>> {
  const count = (outcome: CaseResult['outcome']) => results.filter(one => one.outcome === outcome).length;
  return { passed: count('passed'), failed: count('failed'), 'not-applicable': count('not-applicable') };
}

/** The whole report on one server. */
export function reportOn(server: string, results: readonly CaseResult[]): string {
  const lines = [server];
  const width = Math.max(...results.map(({ name }) => name.length));
  let group = '';
  for (const result of results) {
    if (result.group !== group) lines.push('', result.group);
    group = result.group;
    lines.push(`  ${MARKS[result.outcome]}  ${result.name.padEnd(width)}  ${result.sentence}`, ...about(result));
  }
  const { passed, failed, 'not-applicable': rest } = countsOf(results);
  lines.push('', `${passed} passed, ${failed} failed, ${rest} not applicable`);
  return lines.map(line => `${escapeControls(line)}\n`).join('');
}

function about({ outcome, why, source, dialogue }: CaseResult): readonly string[] {
  switch (outcome) {
    case 'passed':
      return [];
    case 'not-applicable':
      return [`      ${why}`];
    case 'failed':
      return [`      ${why} (${source})`, ...dialogue.map(line => `        ${line}`)];
  }
}
