/** The plugin on real files and the real clock, for tests with other programs beside it. */
import { CLOCK, FILES } from '../../../core/index.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { byAddress, harness, provide } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** Mailboxes in a folder of their own. Call it inside a test. */
export async function realMailboxes(options: object = {}) {
  const folder = await tempFolder();
  const provided = [provide(FILES, systemFiles(folder)), provide(CLOCK, systemClock)];
  const plugin = await harness(mboxDelivery, { directory: '.', ...options }, { provide: provided });
  return {
    folder,
    log: plugin.log,
    /** The outcome for bob. */
    deliver: async (...delivery: Parameters<typeof plugin.deliver>) => {
      const report = await plugin.deliver(...delivery);
      return byAddress(report?.outcomes ?? new Map())['bob@example.test'];
    },
  };
}
