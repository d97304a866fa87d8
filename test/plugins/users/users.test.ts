/** AUTH against the file of users: who gets in, and what an attacker learns. */
import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { authenticated, deriveScramKeys, formatScramKeys } from '../../../core/index.ts';
import { faultsIn, type Harness, harness } from '../../../core/testing.ts';
import users from '../../../plugins/users/index.ts';
import { formatPasswordHash, hashPassword } from '../../../plugins/users/password-hash.ts';

async function line(name: string, password: string): Promise<string> {
  const hash = await hashPassword(password, Buffer.from('a salt for tests'), { ln: 4, r: 8, p: 1 });
  return `${name}:${formatPasswordHash(hash)}\n`;
}

describe('AUTH', () => {
  let plugin: Harness;

  beforeAll(async () => {
    const file = (await line('ann', 'correct horse')) + (await line('bob@example.test', 'battery'));
    plugin = await harness(users, { file: './users' }, { files: { users: file } });
  });

  test.each([
    { user: 'ann', password: 'correct horse', want: authenticated('ann') },
    { user: 'bob@example.test', password: 'battery', want: authenticated('bob@example.test') },
    { user: 'ann', password: 'battery', want: undefined },
    { user: 'ann', password: '', want: undefined },
    { user: 'Ann', password: 'correct horse', want: undefined },
    { user: 'bob', password: 'battery', want: undefined },
    { user: '', password: '', want: undefined },
    { user: '__proto__', password: 'x', want: undefined },
  ])('"$user" with "$password"', async ({ user, password, want }) => {
    expect(await plugin.auth(user, password)).toEqual(want);
  });

  test('the log says why, and shows neither a password nor a name that nobody has', async () => {
    await plugin.auth('ann', 'hunter2');
    await plugin.auth('hunter3', 'ann');
    expect(plugin.log.of('refused').slice(-2)).toMatchObject([
      { fields: { because: 'wrong password', user: 'ann' } },
      { fields: { because: 'no such user' } },
    ]);
    expect(plugin.log.text()).not.toMatch(/hunter/);
  });

  test.each(['ann', 'nobody'])('user enumeration: a guess for %s waits for its turn to be verified', async user => {
    await expect(plugin.auth(user, 'guess', { signal: AbortSignal.abort() })).rejects.toThrow();
  });

  test('a crowd is served in turn', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => plugin.auth('ann', `guess ${index}`)));
    expect(answers).toEqual(Array.from({ length: 20 }));
    expect(await plugin.auth('ann', 'correct horse')).toEqual(authenticated('ann'));
  });
});

describe('what is stored for a user', () => {
  let plugin: Harness;

  beforeAll(async () => {
    const scram = formatScramKeys(await deriveScramKeys('correct horse', Buffer.from('a salt for tests'), 4096));
    const file = `ann:${scram} CRAM-MD5$Y29ycmVjdCBob3JzZQ==\n${await line('bob', 'battery')}caf\u00e9:${scram}\n`;
    plugin = await harness(users, { file: './users', plainPasswords: 'allowed' }, { files: { users: file } });
  });

  test('keys for SCRAM-SHA-256', async () => {
    expect(await plugin.secret('ann')).toMatchObject({
      kind: 'stored',
      user: 'ann',
      secret: { mechanism: 'SCRAM-SHA-256', iterations: 4096 },
    });
    expect(await plugin.secret('cafe\u0301')).toMatchObject({ kind: 'stored', user: 'caf\u00e9' });
  });

  test('the password for CRAM-MD5', async () => {
    const answer = await plugin.secret('ann', { mechanism: 'CRAM-MD5' });
    if (answer?.kind !== 'stored' || answer.secret.mechanism !== 'CRAM-MD5') throw new Error('nothing is stored');
    expect(answer.secret.password.reveal()).toBe('correct horse');
    expect(inspect(answer, { depth: 9 })).not.toContain('horse');
  });

  test.each([
    { user: 'bob', mechanism: 'SCRAM-SHA-256' },
    { user: 'bob', mechanism: 'CRAM-MD5' },
    { user: 'caf\u00e9', mechanism: 'CRAM-MD5' },
    { user: 'nobody', mechanism: 'SCRAM-SHA-256' },
    { user: 'Ann', mechanism: 'CRAM-MD5' },
  ] as const)('nothing of $user for $mechanism', async ({ user, mechanism }) => {
    expect(await plugin.secret(user, { mechanism })).toBeUndefined();
  });

  test.each(['ann', 'caf\u00e9'])('%s may also say the password', async user => {
    expect(await plugin.auth(user, 'correct horse')).toEqual(authenticated(user));
    expect(await plugin.auth(user, 'battery')).toBeUndefined();
  });

  test('tokens are for others', async () => {
    const token = { mechanism: 'XOAUTH2', user: 'ann', token: 'correct horse', host: null, port: null } as const;
    expect(await plugin.authWith(token)).toBeUndefined();
    expect(plugin.log.of('refused').every(({ fields }) => fields.because === 'wrong password')).toBe(true);
  });
});

test('a password in the file is refused unless that is allowed', async () => {
  const files = { users: 'ann:CRAM-MD5$Y29ycmVjdCBob3JzZQ==' };
  const faults = await faultsIn(users, { file: 'users' }, { files });
  expect(faults).toEqual([
    'options.file: users:1: the password of ann stands there as it is; say plainPasswords: allowed, or set the password again',
  ]);
  expect(await faultsIn(users, { file: 'users', plainPasswords: 'allowed' }, { files })).toEqual([]);
});

test('a changed file takes effect', async () => {
  const { auth, files, clock } = await harness(
    users,
    { file: 'users' },
    { files: { users: await line('ann', 'one') } },
  );
  await clock.advance(5000);
  files.put('users', await line('ann', 'two'));
  await clock.advance(1000);
  expect(await auth('ann', 'one')).toBeUndefined();
  expect(await auth('ann', 'two')).toEqual(authenticated('ann'));
});

test('without users nobody gets in', async () => {
  const { auth } = await harness(users, { file: 'users' }, { files: { users: '# nobody yet\n' } });
  expect(await auth('ann', '')).toBeUndefined();
});

test('what is wrong with the file is said before anything starts', async () => {
  expect(await faultsIn(users, { file: 'users' }, { files: { users: 'ann:plain' } })).toEqual([
    'options.file: users:1: the hash of ann is none that can be checked; set the password again',
  ]);
  const [fault] = await faultsIn(users, { file: 'users' });
  expect(fault).toContain('options.file: cannot be read: ');
});
