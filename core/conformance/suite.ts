/** Runs the cases against one server, one after the other. */
import { type CaseResult, type ConformanceCase, Departure, NotApplicable } from './conformance-case.ts';
import { CONTENT_CASES } from './content-cases.ts';
import { DIALOGUE_CASES } from './dialogue-cases.ts';
import { DURABILITY_CASES } from './durability-cases.ts';
import { EXTENSION_CASES } from './extension-cases.ts';
import { LIMIT_CASES } from './limit-cases.ts';
import { NOTIFICATION_CASES } from './notification-cases.ts';
import { Probe, type Target } from './probe.ts';
import { RELAY_CASES } from './relay-cases.ts';
import { SMUGGLING_CASES } from './smuggling-cases.ts';

/** Every case, in the order of the report. */
export const CASES: readonly ConformanceCase[] = [
  ...DIALOGUE_CASES,
  ...CONTENT_CASES,
  ...EXTENSION_CASES,
  ...SMUGGLING_CASES,
  ...LIMIT_CASES,
  ...RELAY_CASES,
  ...NOTIFICATION_CASES,
  ...DURABILITY_CASES,
];

/** How the suite is run. */
export interface SuiteSettings {
  /** Cases or groups by their names; all of them without it. */
  readonly only?: readonly string[];
  /** Told before each case. */
  readonly onCase?: (name: string, done: number, all: number) => void;
}

/** The cases that are meant. @throws RangeError where a name is neither that of a case nor of a group. */
export function casesNamed(only: readonly string[]): readonly ConformanceCase[] {
  const odd = only.find(name => !CASES.some(one => one.name === name || one.group === name));
  if (odd !== undefined) throw new RangeError(`no case and no group is called ${odd}`);
  return only.length === 0 ? CASES : CASES.filter(one => only.includes(one.name) || only.includes(one.group));
}

/** Runs them. Never rejects over what the server does. */
export async function runSuite(
  target: Target,
  { only = [], onCase }: SuiteSettings = {},
): Promise<readonly CaseResult[]> {
  const cases = casesNamed(only);
  const results: CaseResult[] = [];
  for (const one of cases) {
    onCase?.(one.name, results.length, cases.length);
    results.push(await resultOf(one, target));
  }
  return results;
}

async function resultOf({ run, ...about }: ConformanceCase, target: Target): Promise<CaseResult> {
  const probe = new Probe(target);
  const began = performance.now();
  const ended = (outcome: CaseResult['outcome'], why: string | null): CaseResult => ({
    ...about,
    outcome,
    why,
    dialogue: outcome === 'failed' ? shortened(probe.transcript) : [],
    took: Math.round(performance.now() - began),
  });
  try {
    await run(probe);
    return ended('passed', null);
  } catch (error) {
    if (error instanceof NotApplicable) return ended('not-applicable', error.message);
    // A server that hangs, or breaks the connection, is told in the words of the client.
    return ended('failed', error instanceof Departure || error instanceof Error ? error.message : String(error));
  } finally {
    probe.close();
  }
}

const MOST_LINES = 60;

/** Lines that are said again and again stand once; of a long dialogue, the end is what tells. */
function shortened(transcript: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let times = 1;
  for (const [index, line] of transcript.entries()) {
    times = line === transcript[index - 1] ? times + 1 : 1;
    if (times > 1) lines.pop();
    lines.push(times > 1 ? `${line} (${times} times)` : line);
  }
  const left = lines.length - MOST_LINES;
  return left <= 0 ? lines : [`(${left} lines before)`, ...lines.slice(left)];
}
