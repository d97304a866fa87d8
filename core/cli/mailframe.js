#!/usr/bin/env node
/**
 * The command `mailframe`. Plain JavaScript, so that an old Node says what is wrong instead of a syntax error.
 *
 * In the repository the sources run as they are; an installed package has only `dist/`.
 */
import { existsSync } from 'node:fs';
import { url as inspectedAt } from 'node:inspector';

const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(
    `mailframe needs Node ${NEEDED} or newer, and this is Node ${process.versions.node} (${process.execPath}).\n` +
      'In the repository, "npm install" brings the right one: run "npm start" or "npx mailframe".\n' +
      `Elsewhere, install Node ${NEEDED} first: https://nodejs.org`,
  );
  process.exit(1);
}

/**
 * A gateway makes much that does not last. V8 would let the space for it grow to 128 MiB, and collect the rest only when it
 * is several times of what is in use: half a gigabyte where a fraction does; and the C library keeps up to eight heaps a
 * core for its threads, each with what was freed there. This can be said only to a process that begins, and so it begins
 * itself anew. Whoever says the first of the flags differently, to node or in NODE_OPTIONS, is listened to, and so is who
 * says how many heaps. A debugger that has found this process would lose it.
 */
const FRUGAL = ['--max-semi-space-size=16', '--heap-growing-percent=60'];
/**
 * Threads that begin have crashed the process where V8 frees WebAssembly code (Node 24.21, once in some hundred threads). Most likely
 * it is the code by which Node takes the types out of sources.
 */
const SOUND = ['--no-wasm-code-gc'];
const FRUGAL_LIBRARY = { MALLOC_ARENA_MAX: '2' };
const isSaid = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some(said =>
  said.includes('--max-semi-space-size'),
);
const isDebugged = inspectedAt() !== undefined || process.env.VSCODE_INSPECTOR_OPTIONS !== undefined;
const canBegin = process.platform !== 'win32' && process.channel === undefined && !isDebugged;
if (process.argv[2] === 'start' && !isSaid && canBegin) {
  const args = [process.execPath, ...FRUGAL, ...SOUND, ...process.execArgv, ...process.argv.slice(1)];
  process.execve?.(process.execPath, args, { ...FRUGAL_LIBRARY, ...process.env });
}

const sources = new URL('./main.ts', import.meta.url);
const { main } = await import(existsSync(sources) ? sources.href : '../../dist/core/cli/main.js');
await main(process.argv);
