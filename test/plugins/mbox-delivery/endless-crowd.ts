/** Delivers small mails to bob, many at once, until somebody kills it, and says so after each. Run as a process of its own. */
import { CLOCK, FILES } from '../../../core/index.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { harness, provide } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';

const folder = process.argv[2] ?? '';
const provided = [provide(FILES, systemFiles(folder)), provide(CLOCK, systemClock)];
const { deliver } = await harness(mboxDelivery, { directory: '.' }, { provide: provided });
let next = 0;
const one = async (): Promise<never> => {
  for (;;) {
    const number = next++;
    await deliver({ content: `Subject: ${number}\n\n${'From a crowd\n'.repeat(100)}` });
    process.stdout.write(`${number}\n`);
  }
};
await Promise.all(Array.from({ length: 40 }, one));
