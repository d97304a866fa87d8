/** `mailframe passwd`: sets or deletes the password of a user in the file that the plugin `users` reads. */
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Command, InvalidArgumentError } from 'commander';
import { hashPassword, SALT_LENGTH } from '../../plugins/users/password-hash.ts';
import { editUsers, isUserName, parseUsers } from '../../plugins/users/user-file.ts';
import { formatVerifiers, NO_VERIFIERS, type Verifiers } from '../../plugins/users/verifiers.ts';
import { describeError } from '../mail/failure.ts';
import type { Files } from '../plugin/ports.ts';
import { deriveScramKeys, LEAST_ITERATIONS, MOST_ITERATIONS, USUAL_ITERATIONS } from '../plugin/scram-keys.ts';
import { Secret } from '../plugin/secret.ts';
import { systemFiles } from '../system/files.ts';

/** For the owner alone: whoever reads the hashes can guess at leisure. */
const MODE = 0o600;

export function register(program: Command): void {
  program
    .command('passwd')
    .description('Sets the password of a user, in the file that the plugin "users" reads.')
    .argument('<file>', 'the file of users; it is made if it is not there')
    .argument('<user>', 'the name that the user logs in with')
    .option('--delete', 'deletes the user')
    .option('--scram', 'stores keys for SCRAM-SHA-256 beside the hash')
    .option('--iterations <count>', 'how often SCRAM hashes the password', readIterations, USUAL_ITERATIONS)
    .option('--cram-md5', 'stores the password itself beside the hash, which CRAM-MD5 needs')
    .addHelpText(
      'after',
      `
The password is asked for, or read from standard input where that is no terminal.
Of what a user has, a new password keeps the kinds: SCRAM keys, and the password for CRAM-MD5.`,
    )
    .action(passwd);
}

/** The file of users, and who wants to write it. */
export interface PasswordFile {
  readonly files: Files;
  readonly path: string;
  /** The user id of this process, or `null` on systems without. */
  readonly uid: number | null;
}

/** What is stored beside the hash, and beside what the user had. */
export interface Further {
  readonly scram: boolean;
  readonly iterations: number;
  readonly cramMd5: boolean;
}

interface Flags extends Partial<Further> {
  readonly iterations: number;
  readonly delete?: boolean;
}

async function passwd(path: string, user: string, flags: Flags): Promise<void> {
  try {
    const file = { files: systemFiles(process.cwd()), path, uid: process.getuid?.() ?? null };
    const further = { scram: flags.scram === true, iterations: flags.iterations, cramMd5: flags.cramMd5 === true };
    const done = flags.delete === true ? await deleteUser(file, user) : await askAndSet(file, user, further);
    process.stdout.write(`${path}: ${done}\n`);
  } catch (error) {
    process.stderr.write(`${path}: ${describeError(error)}\n`);
    process.exitCode = 1;
  }
}

/** Everything that can be wrong with the file is said before the password is typed. */
async function askAndSet(file: PasswordFile, user: string, further: Further): Promise<string> {
  await readUsers(file, user);
  const password = process.stdin.isTTY ? await askTwice(user) : firstLine(await text(process.stdin));
  return setPassword(file, { user, password }, further);
}

const NOTHING_FURTHER: Further = { scram: false, iterations: USUAL_ITERATIONS, cramMd5: false };

/**
 * Sets a password, and adds the user where there is none of that name. What the user had of the old one is gone: what is
 * stored is of the new one, of the same kinds and of the further ones.
 * @returns what was done, for a person
 */
export async function setPassword(
  file: PasswordFile,
  { user, password }: { readonly user: string; readonly password: string },
  further: Further = NOTHING_FURTHER,
): Promise<string> {
  if (password === '') throw new Error('the password is empty; nothing was changed');
  if (/\p{Cc}/u.test(password)) throw new Error('the password holds a control character; nothing was changed');
  const { content, exists, had } = await readUsers(file, user);
  const verifiers = formatVerifiers(await verifiersOf(password, had, further));
  await file.files.replace(file.path, Buffer.from(editUsers(content, user, verifiers)), MODE);
  return exists ? `the password of ${user} is changed` : `${user} is added`;
}

async function verifiersOf(password: string, had: Verifiers, further: Further): Promise<Verifiers> {
  const { scram, iterations, cramMd5 } = further;
  const wantsScram = scram || had.scram !== null;
  return {
    hash: await hashPassword(password, randomBytes(SALT_LENGTH)),
    scram: wantsScram ? await deriveScramKeys(password, randomBytes(SALT_LENGTH), iterations) : null,
    password: cramMd5 || had.password !== null ? new Secret(password.normalize('NFC')) : null,
  };
}

function readIterations(written: string): number {
  const count = Number(written);
  if (/^\d+$/.test(written) && count >= LEAST_ITERATIONS && count <= MOST_ITERATIONS) return count;
  throw new InvalidArgumentError(`A number from ${LEAST_ITERATIONS} to ${MOST_ITERATIONS} is expected.`);
}

/** Deletes a user. */
export async function deleteUser(file: PasswordFile, user: string): Promise<string> {
  const { content, exists } = await readUsers(file, user);
  if (!exists) throw new Error(`there is no user ${user}; nothing was changed`);
  await file.files.replace(file.path, Buffer.from(editUsers(content, user, null)), MODE);
  return `${user} is deleted`;
}

/** The file as it is, if it may be replaced: the new one would be another file with another owner. */
async function readUsers({ files, path, uid }: PasswordFile, user: string) {
  if (!isUserName(user)) throw new Error('a user name has no blank, no colon and no # at its start');
  const facts = await files.facts(path);
  if (facts === null) return { content: '', exists: false, had: NO_VERIFIERS };
  if (facts.kind !== 'file') throw new Error('this is not a file; name the file itself, not a link or a folder');
  if (uid !== null && uid !== facts.owner) {
    throw new Error(
      `the file belongs to the user ${facts.owner}; run this as that user, or the gateway cannot read it`,
    );
  }
  const content = (await files.read(path)).toString();
  const had = parseUsers(content, { file: path, plainPasswords: 'allowed' }).users.get(user.normalize('NFC'));
  return { content, exists: had !== undefined, had: had ?? NO_VERIFIERS };
}

async function askTwice(user: string): Promise<string> {
  const password = await askHidden(`New password for ${user}: `);
  if ((await askHidden('Once more: ')) === password) return password;
  throw new Error('the two passwords differ; nothing was changed');
}

/** Asks on the terminal and shows nothing of what is typed. */
async function askHidden(prompt: string): Promise<string> {
  const nowhere = new Writable({ write: (_piece, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const { promise: interrupted, reject } = Promise.withResolvers<never>();
  terminal.once('SIGINT', () => reject(new Error('interrupted; nothing was changed')));
  terminal.once('close', () => reject(new Error('nothing was typed; nothing was changed')));
  process.stderr.write(prompt);
  try {
    return await Promise.race([terminal.question(''), interrupted]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}

function firstLine(input: string): string {
  return input.split(/\r?\n/, 1)[0] ?? '';
}
