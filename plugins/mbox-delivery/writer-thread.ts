/**
 * A thread that writes to mailboxes: it blocks at every call to the system, which so costs no more than the system takes.
 *
 * Between two blocks there is not much to wait for but the disk, and that holds up no conversation here.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Files } from '../../core/index.ts';
import { Writer } from './writer.ts';
import type { FromThread, ThreadOptions, ToThread } from './writer-protocol.ts';
import type { Order, Written } from './writing.ts';

/** Lock files are kept for so many folders, for so long without work, in milliseconds. */
const KEPT = 16;
const REST_AFTER = 1000;

const port = parentPort;
if (port === null) throw new Error('this file is the entry of a worker thread');

const say = (what: FromThread) => port.postMessage(what, []);

const { files, slot } = workerData as ThreadOptions;
const module = (await import(files)) as { readonly blockingFiles: (folder: string) => Files };
const clock = { now: () => new Date(), monotonic: () => performance.now() };
const writer = new Writer({ files: module.blockingFiles('/'), clock, slot, kept: KEPT });
const { signal } = new AbortController();
const idle = setTimeout(() => void writer.rest(), REST_AFTER);

port.on('message', (message: ToThread) => {
  if (message.kind === 'write') void write(message.orders);
  else void close();
});

say('ready');

async function write(orders: readonly Order[]): Promise<void> {
  const written: Written[] = [];
  for (const order of orders) written.push(await writer.write(order, signal));
  idle.refresh();
  say(written);
}

async function close(): Promise<void> {
  clearTimeout(idle);
  await writer.rest();
  port?.close();
}
