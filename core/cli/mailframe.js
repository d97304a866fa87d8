#!/usr/bin/env node
/**
 * The command `mailframe`. Plain JavaScript, so that an old Node says what is wrong instead of a syntax error.
 *
 * In the repository the sources run as they are; an installed package has only `dist/`.
 */
import { existsSync } from 'node:fs';

const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  console.error(
    `mailframe needs Node ${NEEDED} or newer, and this is Node ${process.versions.node} (${process.execPath}).\n` +
      'In the repository, "npm install" brings the right one: run "npm start" or "npx mailframe".\n' +
      `Elsewhere, install Node ${NEEDED} first: https://nodejs.org`,
  );
  process.exit(1);
}

const sources = new URL('./main.ts', import.meta.url);
const { main } = await import(existsSync(sources) ? sources.href : '../../dist/core/cli/main.js');
await main(process.argv);
