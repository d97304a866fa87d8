/** `mailframe passwd`: what it writes, what it refuses, and that the plugin believes it. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deleteUser, type PasswordFile, setPassword } from '../../../core/cli/passwd.ts';
import { authenticated, type Files, matchesScramKeys } from '../../../core/index.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { harness, memoryFiles } from '../../../core/testing.ts';
import users from '../../../plugins/users/index.ts';

/** Whose files those of `memoryFiles` are. */
const OWNER = 1000;

function fileIn(files: Files, uid = OWNER): PasswordFile {
  return { files, path: 'users', uid };
}

describe('the file', () => {
  test('is made with its first user, and the plugin lets that one in', async () => {
    const files = memoryFiles();
    expect(await setPassword(fileIn(files), { user: 'ann', password: 'correct horse' })).toBe('ann is added');
    const { auth } = await harness(users, { file: 'users' }, { files: { users: files.text('users') ?? '' } });
    expect(await auth('ann', 'correct horse')).toEqual(authenticated('ann'));
    expect(await auth('ann', 'another horse')).toBeUndefined();
  });

  test('keeps all else that is in it', async () => {
    const files = memoryFiles({ users: '# people\n' });
    await setPassword(fileIn(files), { user: 'ann', password: 'one' });
    await setPassword(fileIn(files), { user: 'bob', password: 'one' });
    const before = files.text('users') ?? '';
    expect(await setPassword(fileIn(files), { user: 'ann', password: 'two' })).toBe('the password of ann is changed');
    const after = files.text('users') ?? '';
    expect(after.split('\n').map(line => line.split(':')[0])).toEqual(['# people', 'ann', 'bob', '']);
    expect(after.split('\n')[2]).toBe(before.split('\n')[2]);
    expect(await deleteUser(fileIn(files), 'bob')).toBe('bob is deleted');
    expect(files.text('users')).toBe(after.split('\n').toSpliced(2, 1).join('\n'));
  });

  test('holds two different hashes for two users with one password', async () => {
    const files = memoryFiles();
    for (const user of ['ann', 'bob']) await setPassword(fileIn(files), { user, password: 'one' });
    const hashes = (files.text('users') ?? '').split('\n').map(line => line.split(':')[1]);
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  test('holds keys for SCRAM and the password beside the hash where that is wanted, and the plugin takes all of them', async () => {
    const files = memoryFiles();
    const further = { scram: true, iterations: 5000, cramMd5: true };
    await setPassword(fileIn(files), { user: 'ann', password: 'correct horse' }, further);
    const text = files.text('users') ?? '';
    expect(text).toMatch(/^ann:\$scrypt\$\S+ SCRAM-SHA-256\$5000:\S+ CRAM-MD5\$Y29ycmVjdCBob3JzZQ==\n$/);
    const options = { file: 'users', plainPasswords: 'allowed' };
    const { auth, secret } = await harness(users, options, { files: { users: text } });
    expect(await auth('ann', 'correct horse')).toEqual(authenticated('ann'));
    const answer = await secret('ann');
    if (answer?.kind !== 'stored' || answer.secret.mechanism !== 'SCRAM-SHA-256') throw new Error('no keys');
    expect(await matchesScramKeys('correct horse', answer.secret)).toBe(true);
    expect(await secret('ann', { mechanism: 'CRAM-MD5' })).toMatchObject({ kind: 'stored', user: 'ann' });
  });

  test('holds nothing of an old password: what the user had is made anew', async () => {
    const files = memoryFiles();
    const further = { scram: true, iterations: 5000, cramMd5: true };
    await setPassword(fileIn(files), { user: 'ann', password: 'old' }, further);
    const before = files.text('users') ?? '';
    await setPassword(fileIn(files), { user: 'ann', password: 'new' });
    const after = files.text('users') ?? '';
    expect(after).toMatch(/^ann:\$scrypt\$\S+ SCRAM-SHA-256\$\S+ CRAM-MD5\$\S+\n$/);
    const words = before.trim().slice(4).split(' ');
    for (const word of words) expect(after).not.toContain(word);
    const options = { file: 'users', plainPasswords: 'allowed' };
    const { auth, secret } = await harness(users, options, { files: { users: after } });
    expect(await auth('ann', 'new')).toEqual(authenticated('ann'));
    const answer = await secret('ann');
    if (answer?.kind !== 'stored' || answer.secret.mechanism !== 'SCRAM-SHA-256') throw new Error('no keys');
    expect(await matchesScramKeys('old', answer.secret)).toBe(false);
    expect(await matchesScramKeys('new', answer.secret)).toBe(true);
  });

  test('stays as it was when the disk is full', async () => {
    const files = memoryFiles({ users: '# people\n' });
    files.fail('users', 'ENOSPC', 'replace');
    await expect(setPassword(fileIn(files), { user: 'ann', password: 'one' })).rejects.toThrow(/ENOSPC/);
    expect(files.text('users')).toBe('# people\n');
  });

  test.each([
    { user: 'ann', password: '', says: 'the password is empty' },
    { user: 'ann', password: 'a\u0000b', says: 'a control character' },
    { user: 'a:b', password: 'one', says: 'a user name has no blank' },
    { user: '#ann', password: 'one', says: 'a user name has no blank' },
  ])('is not touched where $says', async ({ user, password, says }) => {
    const files = memoryFiles();
    await expect(setPassword(fileIn(files), { user, password })).rejects.toThrow(says);
    expect(files.paths()).toEqual([]);
  });

  test('is not taken from its owner, who could not read it any more', async () => {
    const files = memoryFiles({ users: '# people\n' });
    const asRoot = fileIn(files, 0);
    await expect(setPassword(asRoot, { user: 'ann', password: 'one' })).rejects.toThrow('belongs to the user 1000');
    await expect(deleteUser(asRoot, 'ann')).rejects.toThrow('belongs to the user 1000');
    expect(files.text('users')).toBe('# people\n');
  });

  test('is not touched where there is no such user to delete', async () => {
    await expect(deleteUser(fileIn(memoryFiles()), 'ann')).rejects.toThrow('there is no user ann');
  });
});

describe('on a real disk', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mailframe-passwd-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** Runs the verb as a program of its own, with `input` piped into it. */
  async function run(input: string, ...argv: readonly string[]) {
    const program = `
      import { Command } from 'commander';
      import { register } from ${JSON.stringify(new URL('../../../core/cli/passwd.ts', import.meta.url).href)};
      const program = new Command();
      register(program);
      await program.parseAsync(${JSON.stringify(['node', 'mailframe', 'passwd', ...argv])});`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
    child.stdin.end(input);
    const exited = new Promise<number | null>(resolve => {
      child.once('close', resolve);
    });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { out, err, code: await exited };
  }

  test('reads the password from a pipe and leaves the file to its owner alone', async () => {
    const file = join(folder, 'users');
    await writeFile(file, '', { mode: 0o644 });
    expect(await run('correct horse\n', file, 'ann')).toEqual({ out: `${file}: ann is added\n`, err: '', code: 0 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { auth } = await harness(users, { file: 'users' }, { files: { users: await readFile(file) } });
    expect(await auth('ann', 'correct horse')).toEqual(authenticated('ann'));
    expect(await run('', file, 'ann', '--delete')).toMatchObject({ out: `${file}: ann is deleted\n`, code: 0 });
    expect(await readFile(file, 'utf8')).toBe('');
  });

  test('takes flags for what is stored beside the hash', async () => {
    const file = join(folder, 'users');
    expect(await run('correct horse\n', file, 'ann', '--scram', '--iterations', '4096')).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toMatch(/^ann:\$scrypt\$\S+ SCRAM-SHA-256\$4096:\S+\n$/);
    expect(await run('correct horse\n', file, 'bob', '--cram-md5', '--scram')).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toMatch(/\nbob:\$scrypt\$\S+ SCRAM-SHA-256\$100000:\S+ CRAM-MD5\$\S+\n$/);
    const refused = await run('correct horse\n', file, 'ann', '--scram', '--iterations', '4095');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toContain('A number from 4096 to 1000000 is expected.');
  });

  test('says why it refuses, and exits with 1', async () => {
    const file = join(folder, 'users');
    expect(await run('', file, 'ann')).toEqual({
      out: '',
      err: `${file}: the password is empty; nothing was changed\n`,
      code: 1,
    });
  });

  test('a link is not followed', async () => {
    await writeFile(join(folder, 'target'), '');
    await symlink(join(folder, 'target'), join(folder, 'users'));
    const files = systemFiles(folder);
    await expect(setPassword(fileIn(files), { user: 'ann', password: 'one' })).rejects.toThrow('not a link');
  });
});
