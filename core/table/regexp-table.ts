/** The kind `regexp`: patterns of a file or of the configuration. */
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import { FileTable, type FileTableServices, type FileTableSource, TableFaults } from '../plugin/file-table.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Entry } from '../plugin/table.ts';
import type { TableOptions } from '../plugin/table-setting.ts';
import { logicalLines } from './logical-lines.ts';
import { applyRules, type Rules, readRules } from './regexp-rules.ts';

/** Finds what the patterns give for a key. */
type Find = (key: string) => Entry | null;

/** Patterns as they are at this moment. */
export interface PatternSource {
  current(): Awaitable<Find>;
}

export function patternSource(options: TableOptions<'regexp'>, services: FileTableServices): PatternSource {
  if (typeof options !== 'string') {
    const { rules } = readRules(Object.entries(options).map(entryRule));
    const find: Find = key => applyRules(rules, key);
    return { current: () => find };
  }
  const file = new FileTable(patternFile(options), services);
  return { current: () => whenThere(file.current(), rules => (key: string) => applyRules(rules, key)) };
}

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

/** What is wrong with the patterns of the configuration, each where it stands. */
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
