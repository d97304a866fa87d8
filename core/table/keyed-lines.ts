/** A table file with an entry a line, as for postmap(1) of Postfix: a key, white space, a value. */
import { TableFaults } from '../plugin/file-table.ts';
import type { Entry } from '../plugin/table.ts';
import { logicalLines } from './logical-lines.ts';

/** Entries by their key in lower case. */
export type KeyedEntries = ReadonlyMap<string, Entry>;

/** White space between double quotes belongs to the key: a local part may have some (RFC 5321 section 4.1.2). */
const KEY_AND_VALUE = /^((?:"(?:[^"\\]|\\.)*"|[^\s"])+)(?:\s+(.*))?$/s;

/**
 * Reads a file.
 * @throws TableFaults with every line that is wrong
 */
export function parseKeyedLines(octets: Buffer, file: string): KeyedEntries {
  const entries = new Map<string, Entry>();
  const faults: string[] = [];
  for (const { text, number } of logicalLines(octets, file)) {
    const at = `${file}:${number}`;
    const [, key = '', value = ''] = KEY_AND_VALUE.exec(text) ?? [];
    const before = entries.get(key.toLowerCase());
    if (key === '') faults.push(`${at}: a quotation mark has no second one`);
    else if (value === '') faults.push(`${at}: ${key} has no value: write it behind the key`);
    else if (before !== undefined) faults.push(`${at}: ${key} is in ${before.source} already: keep one of them`);
    else entries.set(key.toLowerCase(), { values: [value], source: at });
  }
  if (faults.length > 0) throw new TableFaults(faults);
  return entries;
}
