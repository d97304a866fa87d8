/**
 * Loaded into every thread of a gateway that is profiled, by NODE_OPTIONS: notes where the time goes, and writes it down when
 * the process is told to end. `--cpu-prof` does not: it writes nothing for a thread that another one ends.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';

const folder = process.env.MAILFRAME_PROFILE;
const channel = new BroadcastChannel('mailframe-profile');
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');

function write(): void {
  session.post('Profiler.stop', (error, { profile }) => {
    if (error !== null || folder === undefined) return;
    const thread = isMainThread ? 'main' : `worker-${threadId}`;
    writeFileSync(join(folder, `${process.pid}-${thread}.cpuprofile`), JSON.stringify(profile));
  });
  channel.close();
}

channel.addEventListener('message', write, { once: true });
channel.unref();
if (isMainThread) {
  process.once('SIGTERM', () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
    channel.postMessage('write');
    write();
  });
}
