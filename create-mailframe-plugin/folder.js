/** Writes the folder of a new plugin. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TEMPLATE = fileURLToPath(new URL('./template/', import.meta.url));

/** Where the files of a kind come to lie. Tests lie beside what they test, and the options are a part of the example. */
const OF_KIND = { 'index.ts': 'src/index.ts', 'index.test.ts': 'src/index.test.ts' };

/**
 * @param {import('./answers.js').Answers} answers
 * @returns {readonly string[]} What was written, from the folder.
 */
export function writePlugin({ name, kind, folder }) {
  const filled = filling(name, kind);
  const files = [
    ...filesBelow(join(TEMPLATE, 'all')).map(file => /** @type {const} */ ([join('all', file), visible(file)])),
    ...Object.entries(OF_KIND).map(([from, to]) => /** @type {const} */ ([join(kind, from), to])),
  ];
  for (const [from, to] of files) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    writeFileSync(join(folder, to), filled(readFileSync(join(TEMPLATE, from), 'utf8')), { flag: 'wx' });
  }
  return files.map(([, to]) => to).sort();
}

/**
 * The text of a template with everything filled in. Templates are a plugin named my-plugin, which compiles as it is.
 * @param {import('./name.js').Name} name
 * @param {import('./kinds.js').Kind} kind
 * @returns {(text: string) => string}
 */
function filling(name, kind) {
  const options = readFileSync(join(TEMPLATE, kind, 'options.yaml'), 'utf8').trimEnd();
  const transport = kind === 'transport' ? name.short : 'mailboxes';
  const mailboxes = '\n  - { use: mbox-delivery, as: mailboxes, options: { directory: ./var/mail } }';
  return text =>
    text
      .replaceAll('mailframe-plugin-my-plugin', name.package)
      .replaceAll('  # MAILBOXES\n', kind === 'transport' ? '' : `${mailboxes.slice(1)}\n`)
      .replaceAll('{ deliver: TRANSPORT }', `{ deliver: ${transport} }`)
      .replaceAll(/^( *)# OPTIONS$/gm, (_, indent) => indented(options, indent))
      .replaceAll('USE_NAME', name.use)
      .replaceAll('YEAR', String(new Date().getFullYear()))
      .replaceAll('my-plugin', name.short);
}

/**
 * @param {string} text
 * @param {string} indent
 */
function indented(text, indent) {
  return text.replace(/^/gm, indent);
}

/**
 * npm leaves `.gitignore` out of packages.
 * @param {string} file
 */
function visible(file) {
  return file.replace(/^gitignore$/, '.gitignore');
}

/**
 * @param {string} folder
 * @returns {readonly string[]}
 */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)).map(file => join(entry.name, file)) : [entry.name],
  );
}
