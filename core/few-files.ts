/** Warns where clients may want more files than this process may open. */
import type { Configuration } from './config/configuration.ts';
import type { Log } from './plugin/ports.ts';
import { mostOpenFiles } from './system/open-files.ts';

/** Files beside those of clients: the queue, deliveries and what they deliver to, lists and certificates. */
const OTHER_FILES = 200;

/** A client that finds no handle left is not even told so: better to hear of it before it happens. */
export async function warnOfFewFiles({ listeners }: Configuration, log: Log): Promise<void> {
  const clients = listeners.reduce((sum, { limits }) => sum + limits.connections, 0);
  const most = await mostOpenFiles();
  if (most >= clients + OTHER_FILES) return;
  const message =
    `this process may have ${most} files open, and the listeners may have ${clients} clients: raise its limit ` +
    '(LimitNOFILE= of systemd, ulimit -n), or lower limits.connections';
  log.warn('warned', { message });
}
