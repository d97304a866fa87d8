/** Opens tables for the tests of the kinds, as a plugin would: from what is written in the configuration. */
import { onTestFinished } from 'vitest';
import type { OptionComplaint } from '../../../core/plugin/plugin.ts';
import type { Clock, Files } from '../../../core/plugin/ports.ts';
import type { Entry, Table } from '../../../core/plugin/table.ts';
import { type TableSetting, tableSetting } from '../../../core/plugin/table-setting.ts';
import { validate } from '../../../core/plugin/validate.ts';
import { openTables } from '../../../core/table/open-tables.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { type MemoryFiles, memoryFiles } from '../../../core/testing/memory-files.ts';
import { type RecordingLog, recordingLog } from '../../../core/testing/recording-log.ts';

/** Where a table is opened. What is left out is a fake. */
export interface World<C extends Clock = ManualClock, F extends Files = MemoryFiles> {
  readonly clock: C;
  readonly files: F;
  readonly log: RecordingLog;
}

/** A world of fakes. */
export function fakeWorld(files: Readonly<Record<string, string | Buffer>> = {}): World {
  const clock = new ManualClock();
  return { clock, files: memoryFiles(files, { clock }), log: recordingLog() };
}

/** The setting that is written so. */
export async function settingOf(written: unknown): Promise<TableSetting> {
  const validated = await validate(tableSetting(), written);
  if (validated.kind === 'valid') return validated.value;
  throw new Error(validated.faults.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

/** A table, closed with the test. */
export async function aTable(written: unknown, world: World<Clock, Files> = fakeWorld()): Promise<Table> {
  const table = openTables(world).open(await settingOf(written), world.log);
  onTestFinished(() => table.close());
  return table;
}

/** What a boot would complain about, as `path: message`. */
export async function complaintsAbout(
  written: unknown,
  world: World<Clock, Files> = fakeWorld(),
): Promise<readonly string[]> {
  const complaints: readonly OptionComplaint[] = await openTables(world).check(await settingOf(written), ['table']);
  return complaints.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** Looks up, with a signal that nobody aborts. */
export async function lookup(table: Table, key: string): Promise<Entry | null> {
  return table.lookup(key, new AbortController().signal);
}

/** The values alone. */
export async function valuesOf(table: Table, key: string): Promise<readonly string[] | null> {
  return (await lookup(table, key))?.values ?? null;
}
