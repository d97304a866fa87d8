#!/usr/bin/env node
/** `npm create mailframe-plugin`: writes the folder of a new plugin, with a test that passes and a gateway to try it in. */
import { isAbsolute, join, relative } from 'node:path';
import { answersFrom, Misunderstood, USAGE } from './answers.js';
import { writePlugin } from './folder.js';

try {
  const answers = await answersFrom(process.argv.slice(2), process);
  if (answers === null) process.stdout.write(USAGE);
  else {
    const written = writePlugin(answers);
    process.stdout.write(whatNext(answers, written));
  }
} catch (error) {
  if (!(error instanceof Misunderstood)) throw error;
  process.stderr.write(`create-mailframe-plugin: ${error.message}\n`);
  process.exitCode = 1;
}

/**
 * @param {import('./answers.js').Answers} answers
 * @param {readonly string[]} written
 */
function whatNext({ folder, name }, written) {
  const path = relative('', folder);
  const shown = isAbsolute(path) || path.startsWith('..') ? folder : path;
  const commands = [
    [`cd ${shown}`, ''],
    ['npm install', ''],
    ['npm test', 'runs the test of the plugin'],
    ['npm run example', 'runs a gateway with the plugin in it, on 127.0.0.1:2525'],
  ];
  return [
    `${name.package}: ${written.length} files`,
    ...written.map(file => `  ${join(shown, file)}`),
    '',
    'Next:',
    ...commands.map(([command = '', what]) => `  ${command.padEnd(Math.max(20, shown.length + 6))}${what}`.trimEnd()),
    '',
  ].join('\n');
}
