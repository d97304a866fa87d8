/** Which user a certificate is of, as the option says it. */
import { describe, expect, test } from 'vitest';
import { authenticated } from '../../../core/index.ts';
import { faultsIn, type Harness, harness } from '../../../core/testing.ts';
import users from '../../../plugins/users/index.ts';

const FINGERPRINT = '5e94'.repeat(16);
const COLONS = FINGERPRINT.toUpperCase().replaceAll(/..(?=.)/g, '$&:');

function plugin(certificates: Readonly<Record<string, string>>): Promise<Harness> {
  return harness(users, { file: 'users', certificates }, { files: { users: '' } });
}

function external(user: string | null, names: readonly string[] = [], fingerprint = FINGERPRINT) {
  return { mechanism: 'EXTERNAL', user, certificate: { commonName: 'ann', names, fingerprint } } as const;
}

describe('EXTERNAL', () => {
  const ANN_AND_BOB = { 'email:ann@example.test': 'ann', 'dns:bob.example.test': 'bob' };

  test.each([
    { what: 'its fingerprint', certificates: { [`sha256:${FINGERPRINT}`]: 'ann' } },
    { what: 'its fingerprint with colons', certificates: { [`SHA256:${COLONS}`]: 'ann' } },
    { what: 'an address', certificates: { 'email:ann@Example.TEST': 'ann' }, names: ['email:ann@example.test'] },
    {
      what: 'a domain',
      certificates: { 'dns:laptop.example.test': 'ann' },
      names: ['dns:x', 'dns:LAPTOP.example.test'],
    },
    {
      what: 'two names of one user',
      certificates: { 'dns:a': 'ann', 'dns:b': 'ann' },
      names: ['dns:a', 'dns:b'],
    },
  ])('a certificate is known by $what', async ({ certificates, names = [] }) => {
    const { authWith } = await plugin(certificates);
    for (const user of [null, 'ann']) expect(await authWith(external(user, names))).toEqual(authenticated('ann'));
    for (const user of ['bob', 'Ann', '']) expect(await authWith(external(user, names))).toBeUndefined();
  });

  test.each([
    { what: 'of nobody', names: ['email:eve@example.test', 'dns:example.test'] },
    { what: 'with another local part', names: ['email:ANN@example.test'] },
    { what: 'with a domain where an address is expected', names: ['dns:ann@example.test'] },
    { what: 'with a name below it', names: ['dns:x.bob.example.test'] },
    { what: 'without names', names: [] },
  ])('a certificate $what lets nobody in', async ({ names }) => {
    const { authWith, log } = await plugin(ANN_AND_BOB);
    expect(await authWith(external(null, names))).toBeUndefined();
    expect(await authWith(external('ann', names))).toBeUndefined();
    expect(log.of('refused')[0]?.fields).toMatchObject({
      because: 'a certificate of nobody',
      fingerprint: FINGERPRINT,
    });
  });

  test('a certificate of two users has to be told whose it is', async () => {
    const { authWith, log } = await plugin(ANN_AND_BOB);
    const names = ['email:ann@example.test', 'dns:bob.example.test'];
    expect(await authWith(external(null, names))).toBeUndefined();
    expect(log.of('refused')[0]?.fields).toMatchObject({ because: 'a certificate of ann, bob' });
    expect(await authWith(external('bob', names))).toEqual(authenticated('bob'));
    expect(await authWith(external('eve', names))).toBeUndefined();
  });

  test('a common name is no name: an authority need not have checked it', async () => {
    const { authWith } = await plugin({ 'dns:ann': 'ann' });
    expect(await authWith(external(null))).toBeUndefined();
  });
});

test.each([
  { certificates: { 'cn:ann': 'ann' }, says: 'a fingerprint or a name is expected' },
  { certificates: { 'sha256:5e94': 'ann' }, says: 'a fingerprint or a name is expected' },
  { certificates: { 'email:': 'ann' }, says: 'a fingerprint or a name is expected' },
  { certificates: { 'dns:a': 'an n' }, says: 'a user name is expected' },
])('what is no entry is said: $certificates', async ({ certificates, says }) => {
  const faults = await faultsIn(users, { file: 'users', certificates }, { files: { users: '' } });
  expect(faults).toEqual([expect.stringContaining(says)]);
});
