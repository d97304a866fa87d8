/** What is different between two configurations that can run: in the file, and in the plugins beside it. */
import type { CompiledConfiguration } from '../compile.ts';
import { differences } from '../config/difference.ts';

/** A sentence for each difference, for people. No secret and no value of a plugin's options that may hold one is in it. */
export function changesBetween(before: CompiledConfiguration, after: CompiledConfiguration): readonly string[] {
  const sources = after.mounted.flatMap(({ id, plugin, entry }) => {
    const was = before.mounted.find(one => one.id === id);
    return was !== undefined && was.entry.use === entry.use && was.plugin !== plugin
      ? [`plugin ${id}: its source has changed`]
      : [];
  });
  return [...differences(before.configuration, after.configuration), ...sources];
}
