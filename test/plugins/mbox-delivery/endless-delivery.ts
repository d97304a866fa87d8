/** Delivers large mails to bob until somebody kills it, and says so after each. Run as a process of its own. */
import { CLOCK, FILES } from '../../../core/index.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { harness, provide } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';

const folder = process.argv[2] ?? '';
const provided = [provide(FILES, systemFiles(folder)), provide(CLOCK, systemClock)];
const { deliver } = await harness(mboxDelivery, { directory: '.' }, { provide: provided });
for (let number = 0; ; number += 1) {
  await deliver({ content: `Subject: ${number}\n\n${'From the endless one\n'.repeat(150_000)}` });
  process.stdout.write(`delivered ${number}\n`);
}
