/** Opens the page on loopback. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { MailframeError } from '../mail/error.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import { systemClock } from '../system/clock.ts';
import { systemRandom } from '../system/random.ts';
import type { Development } from './development.ts';
import { page } from './page.ts';

/** Where the page is looked for where nobody says otherwise. */
export const USUAL_PORT = 8025;

export interface PageServer {
  /** What a person opens; nobody else should know it. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens it.
 * @param port `null`: the usual one, or any that is free.
 * @throws MailframeError MF_DEV_PAGE where a port that was asked for cannot be had.
 */
export async function openPage(development: Development, port: number | null): Promise<PageServer> {
  const over = new AbortController();
  const key = keyIn(development.folder);
  let listening = 0;
  const door = () => ({ port: listening, key });
  const app = page({ development, door, clock: systemClock, random: systemRandom, over: over.signal });
  const server = createAdaptorServer({ fetch: app.fetch });
  const listen = async (wanted: number): Promise<void> => {
    server.listen(wanted, '127.0.0.1');
    await once(server, 'listening');
    listening = (server.address() as AddressInfo).port;
  };
  try {
    await listen(port ?? USUAL_PORT);
  } catch (error) {
    if (port !== null || errnoOf(error) !== 'EADDRINUSE') {
      const message = `the page cannot be served on port ${port ?? USUAL_PORT}: ${describeError(error)}; choose another one with --port`;
      throw new MailframeError('MF_DEV_PAGE', message, { cause: error });
    }
    await listen(0);
  }
  return {
    url: `http://127.0.0.1:${listening}/?key=${key}`,
    close: () =>
      new Promise(resolve => {
        over.abort();
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}

/** The key of the folder, made once, so that a page that was opened before goes on. */
function keyIn(folder: string): string {
  const file = join(folder, 'key');
  try {
    const key = readFileSync(file, 'utf8').trim();
    if (/^[\w-]{20,}$/.test(key)) return key;
  } catch {
    // It is the first time.
  }
  const key = randomBytes(18).toString('base64url');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return key;
}
