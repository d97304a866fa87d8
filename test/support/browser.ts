/** A real browser for tests: Debian's Chromium, with a log of everything that it wants from elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import type { Peer } from './peers.ts';

const PROGRAM = '/usr/bin/chromium';

export const CHROMIUM: Peer = { name: 'chromium', probe: [PROGRAM, '--version'] };

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TestBrowser {
  readonly context: BrowserContext;
  /** What it has asked of machines other than this one: the first line of each request or tunnel. */
  readonly wanted: () => readonly string[];
}

/** One browser for all tests of a file. The function that is returned gives it. */
export function browserForAll(): () => TestBrowser {
  let browser: TestBrowser | null = null;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    const { port, wanted, close } = await recordingProxy();
    closing.unshift(close);
    const profile = await mkdtemp(join(tmpdir(), 'mailframe-browser-'));
    closing.unshift(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: PROGRAM,
      // Loopback goes around the proxy.
      args: [...FLAGS, `--proxy-server=http://127.0.0.1:${port}`],
      headless: true,
      viewport: { width: 1280, height: 800 },
    });
    closing.unshift(() => context.close());
    browser = { context, wanted };
  });
  afterAll(async () => {
    for (const close of closing) await close();
  });
  return () => {
    if (browser === null) throw new Error('there is no browser before the first test');
    return browser;
  };
}

/** A proxy that leads nowhere, and notes who was asked for. Preconnections come by here as well. */
async function recordingProxy() {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', octets => {
      lines.push(octets.toString('latin1').split('\r\n')[0] ?? '');
      socket.end('HTTP/1.1 502 Nowhere\r\nContent-Length: 0\r\n\r\n');
    });
  });
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    wanted: () => lines,
    close: () =>
      new Promise<void>(resolve => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
