/** What is to be written: from flags, and from questions where somebody sits at a terminal. */
import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { isKind, KINDS } from './kinds.js';
import { parseName } from './name.js';

/**
 * @typedef {object} Answers
 * @property {import('./name.js').Name} name
 * @property {import('./kinds.js').Kind} kind
 * @property {string} folder An absolute path. There is nothing in it.
 */

/**
 * @typedef {object} Terminal
 * @property {NodeJS.ReadStream} stdin
 * @property {NodeJS.WriteStream} stdout
 */

/** What somebody wrote cannot be done; the message says why and what to do. */
export class Misunderstood extends Error {}

const KIND_LINES = Object.entries(KINDS).map(([kind, does]) => `  ${kind.padEnd(12)}${does}`);

export const USAGE = `npm create mailframe-plugin [NAME] -- [--kind KIND] [--folder FOLDER] [--yes]

NAME      greylist, or @me/greylist: the package is mailframe-plugin-greylist
--kind    what the plugin does; recipient where nothing else is said
--folder  where it is written; mailframe-plugin-NAME where nothing else is said
--yes     asks nothing

Kinds:
${KIND_LINES.join('\n')}
`;

/**
 * @param {readonly string[]} args
 * @param {Terminal} terminal
 * @returns {Promise<Answers | null>} `null`: help is wanted.
 * @throws {Misunderstood}
 */
export async function answersFrom(args, terminal) {
  const { values, positionals } = parsed(args);
  if (values.help === true) return null;
  const mayAsk = values.yes !== true && terminal.stdin.isTTY && terminal.stdout.isTTY;
  const asking = mayAsk ? createInterface({ input: terminal.stdin, output: terminal.stdout }) : null;
  asking?.once('close', leave);
  try {
    const name = await nameFrom(positionals[0], asking);
    const kind = await kindFrom(values.kind, asking);
    return { name, kind, folder: emptyFolder(values.folder ?? name.package.replace(/^.*\//, '')) };
  } finally {
    asking?.off('close', leave).close();
  }
}

/** Somebody who wants to answer no more, by Ctrl-C or Ctrl-D. */
function leave() {
  process.stdout.write('\nNothing was written.\n');
  process.exit(130);
}

/** @param {readonly string[]} args */
function parsed(args) {
  try {
    const given = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        kind: { type: 'string' },
        folder: { type: 'string' },
        yes: { type: 'boolean', short: 'y' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (given.positionals.length > 1)
      throw new Error(`one name is expected, and there are ${given.positionals.length}`);
    return given;
  } catch (error) {
    throw new Misunderstood(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/**
 * @param {string | undefined} given
 * @param {import('node:readline/promises').Interface | null} asking
 */
async function nameFrom(given, asking) {
  if (given === undefined && asking === null) throw new Misunderstood(`a name is expected\n\n${USAGE}`);
  let written = given;
  for (;;) {
    written ??= (await asking?.question('Name of the plugin (greylist, @me/greylist): ')) ?? '';
    const name = parseName(written);
    if (typeof name !== 'string') return name;
    if (asking === null || given !== undefined) throw new Misunderstood(name);
    process.stdout.write(`${name}\n`);
    written = undefined;
  }
}

/**
 * @param {string | undefined} given
 * @param {import('node:readline/promises').Interface | null} asking
 * @returns {Promise<import('./kinds.js').Kind>}
 */
async function kindFrom(given, asking) {
  if (given !== undefined) {
    if (isKind(given)) return given;
    throw new Misunderstood(`there is no kind ${JSON.stringify(given)}; there are: ${Object.keys(KINDS).join(', ')}`);
  }
  if (asking === null) return 'recipient';
  for (;;) {
    const lines = ['', 'What does it do?', ...KIND_LINES, ''].join('\n');
    const said = (await asking.question(`${lines}Kind (recipient): `)).trim();
    if (said === '') return 'recipient';
    if (isKind(said)) return said;
  }
}

/** @param {string} written */
function emptyFolder(written) {
  const folder = resolve(written);
  if (existsSync(folder)) {
    try {
      if (readdirSync(folder).length === 0) return folder;
    } catch {
      throw new Misunderstood(`${folder} is there, and is no folder: name another one with --folder`);
    }
    throw new Misunderstood(`${folder} is not empty, and nothing in it is touched: name another one with --folder`);
  }
  return folder;
}
