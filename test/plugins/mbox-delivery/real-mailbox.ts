/** The plugin on real files and the real clock, for tests with other programs beside it. */
import { readdir } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { CLOCK, type Clock, FILES } from '../../../core/index.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { byAddress, harness, provide } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** Mailboxes in a folder of their own. Call it inside a test. */
export async function realMailboxes(options: object = {}) {
  const folder = await tempFolder();
  let waits = 0;
  const clock: Clock = {
    ...systemClock,
    sleep(milliseconds, signal) {
      waits += 1;
      return systemClock.sleep(milliseconds, signal);
    },
  };
  const provided = [provide(FILES, systemFiles(folder)), provide(CLOCK, clock)];
  const plugin = await harness(mboxDelivery, { directory: '.', ...options }, { provide: provided });
  onTestFinished(plugin.close);
  return {
    folder,
    log: plugin.log,
    close: plugin.close,
    /** What is in the folder, but for the files that become locks. */
    names: async () => (await readdir(folder)).filter(name => !name.startsWith('.lock.')).toSorted(),
    /** How often it has waited for a lock. */
    waits: () => waits,
    /** The outcome for bob. */
    deliver: async (...delivery: Parameters<typeof plugin.deliver>) => {
      const report = await plugin.deliver(...delivery);
      return byAddress(report?.outcomes ?? new Map())['bob@example.test'];
    },
  };
}
