/** The kind `regexp`: patterns of a file or of the configuration. */
import { type FileTableSource, TableFaults } from '../plugin/file-table.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import { logicalLines } from './logical-lines.ts';
import { type ReadRules, type Rules, readRules } from './regexp-rules.ts';

/** The patterns of a file. */
export function patternFile(file: string): FileTableSource<Rules> {
  return {
    paths: [file],
    parse([octets = Buffer.alloc(0)]) {
      const lines = logicalLines(octets, file);
      const { rules, faults } = readRules(lines.map(({ text, number }) => ({ text, source: `${file}:${number}` })));
      if (faults.length > 0) throw new TableFaults(faults);
      return rules;
    },
  };
}

/** The patterns of the configuration. */
export function patternsIn(entries: Readonly<Record<string, string>>): ReadRules {
  return readRules(Object.entries(entries).map(entryRule));
}

/** What is wrong with them, each where it stands. */
export function checkPatterns(
  entries: Readonly<Record<string, string>>,
  path: OptionComplaint['path'],
): readonly OptionComplaint[] {
  return Object.entries(entries).flatMap(([pattern, result]) => {
    const rule = entryRule([pattern, result]);
    const { faults } = readRules([rule]);
    return faults.map(fault => ({ path: [...path, pattern], message: fault.slice(rule.source.length + 2) }));
  });
}

function entryRule([pattern, result]: readonly [string, string]) {
  return { text: `${pattern} ${result}`, source: `regexp:${pattern}` };
}
