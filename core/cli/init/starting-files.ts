/** The files of a new gateway's folder. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EDITOR_SETTINGS } from '../../config/for-editors.ts';
import type { Answers } from './answers.ts';
import { configurationText } from './configuration-text.ts';

export const CONFIGURATION = 'mailframe.config.yaml';
export const SCHEMA = 'mailframe.schema.json';

interface StartingFile {
  readonly path: string;
  readonly text: string;
  /** What is never written twice: somebody has put work, or users, into it. */
  readonly keeps: boolean;
  /** Permission bits, where others must not read it. */
  readonly mode?: number;
}

/** What came of each file. */
export interface Written {
  readonly path: string;
  readonly what: 'written' | 'kept';
}

/** Writes all but the schema, which is made of the configuration. What somebody may have changed is kept. */
export function writeStartingFiles(folder: string, answers: Answers): readonly Written[] {
  return startingFiles(answers).map(({ path, text, keeps, mode = 0o644 }) => {
    const file = join(folder, path);
    if (keeps && existsSync(file)) return { path, what: 'kept' };
    const isSecret = (mode & 0o077) === 0;
    mkdirSync(dirname(file), { recursive: true, ...(isSecret && dirname(path) !== '.' ? { mode: 0o700 } : {}) });
    writeFileSync(file, text, { mode });
    return { path, what: 'written' };
  });
}

function startingFiles(answers: Answers): readonly StartingFile[] {
  const { purpose, pgp, domains } = answers;
  const files: StartingFile[] = [{ path: CONFIGURATION, text: configurationText(answers), keeps: false }];
  const add = (path: string, text: string, mode?: number) =>
    files.push({ path, text, keeps: true, ...(mode === undefined ? {} : { mode }) });
  if (purpose === 'mailboxes') add('aliases', aliasesText(domains));
  if (purpose === 'submission') add('users', USERS, 0o600);
  if (pgp === 'verify') add('keys/README', 'Public keys: *.asc, *.gpg, *.pgp, *.kbx.\n');
  add('.gitignore', 'var/\nusers\nprivate/\n*password*\n*.key\nkey.pem\nnode_modules/\n');
  add('.vscode/settings.json', editorSettings());
  return files;
}

function aliasesText(domains: readonly string[]): string {
  return `# Aliases of ${domains.join(', ')}, as in aliases(5): a name, and the mailboxes that it stands for.
# Somebody has to read what the world writes to these (RFC 2142).
mailer-daemon: postmaster
abuse: postmaster
# postmaster: ann
`;
}

const USERS = '# "npx mailframe passwd --scram ./users ann" adds a user.\n';

/** For editors that run yaml-language-server. */
function editorSettings(): string {
  const settings = Object.entries(EDITOR_SETTINGS).map(([name, value]) => [`yaml.${name}`, value]);
  return `${JSON.stringify(Object.fromEntries(settings), null, 2)}\n`;
}
