/** With a file of owner trust a good signature is `good` only where the web of trust says whose key it is. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../../core/index.ts';
import { faultsIn, harness } from '../../../core/testing.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import {
  detached,
  FROM_ANN,
  makeKey,
  multipartSigned,
  NOW,
  PART,
  type TestKey,
} from '../../support/openpgp-signing.ts';

const SIGNED = new Date('2026-11-01T12:00:00Z');

let root: TestKey;
let bob: TestKey;
let ann: TestKey;
let mail: string;

beforeAll(async () => {
  root = await makeKey([{ name: 'Gateway', email: 'root@example.test' }]);
  bob = await makeKey([{ name: 'Bob', email: 'bob@example.test' }]);
  ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  mail = FROM_ANN + multipartSigned(PART, await detached(PART, [ann]));
});

const idOf = (key: TestKey) => key.publicKey.getFingerprint().toUpperCase();

/** A key, certified by others. */
async function certified(key: TestKey, ...by: readonly TestKey[]): Promise<string> {
  const signed = await key.publicKey.signAllUsers(
    by.map(one => one.privateKey),
    SIGNED,
  );
  return signed.armor();
}

const options = { keyring: './keys', header: false, trust: { file: './ownertrust.txt' } };

async function mounted(files: Readonly<Record<string, string>>) {
  return await harness(pgpVerify, options, { files, now: NOW });
}

async function verdict(files: Readonly<Record<string, string>>): Promise<Facts> {
  const answer = await (await mounted(files)).data(mail);
  if (answer?.kind !== 'note') throw new Error('no note');
  return answer.facts;
}

describe('the verdict', () => {
  test('certified by our own key: good', async () => {
    const files = {
      'keys/root.asc': root.publicKey.armor(),
      'keys/ann.asc': await certified(ann, root),
      'ownertrust.txt': `${idOf(root)}:6:\n`,
    };
    expect(await verdict(files)).toMatchObject({
      pgp: 'good',
      'pgp.aligned': true,
      'pgp.trust': 'full',
      'pgp.through': ['root@example.test'],
    });
  });

  test('certified by somebody whom we certified and trust: good, and the header field says through whom', async () => {
    const files = {
      'keys/root.asc': root.publicKey.armor(),
      'keys/bob.asc': await certified(bob, root),
      'keys/ann.asc': await certified(ann, bob),
      'ownertrust.txt': `${idOf(root)}:6:\n${idOf(bob)}:5:\n`,
    };
    expect(await verdict(files)).toMatchObject({
      pgp: 'good',
      'pgp.through': ['root@example.test', 'bob@example.test'],
    });
    const { data } = await harness(pgpVerify, { ...options, header: true }, { files, now: NOW });
    const answer = await data(mail);
    if (answer?.kind !== 'rewrite') throw new Error('no rewrite');
    const text = (await answer.content.bytes()).toString().replaceAll('\r\n ', ' ');
    expect(text).toContain('trusted through root@example.test, bob@example.test" policy.verdict=good');
    expect(text).toContain('policy.trust=full');
  });

  test('certified by somebody who counts a little: untrusted, and nobody is the signer', async () => {
    const files = {
      'keys/root.asc': root.publicKey.armor(),
      'keys/bob.asc': await certified(bob, root),
      'keys/ann.asc': await certified(ann, bob),
      'ownertrust.txt': `${idOf(root)}:6:\n${idOf(bob)}:4:\n`,
    };
    const facts = await verdict(files);
    expect(facts).toMatchObject({ pgp: 'untrusted', 'pgp.aligned': false, 'pgp.trust': 'marginal' });
    expect(facts).not.toHaveProperty('pgp.signer');
  });

  test('certified by nobody: untrusted, though it lies in the keyring', async () => {
    const files = {
      'keys/root.asc': root.publicKey.armor(),
      'keys/ann.asc': ann.publicKey.armor(),
      'ownertrust.txt': `${idOf(root)}:6:\n`,
    };
    expect(await verdict(files)).toMatchObject({ pgp: 'untrusted', 'pgp.trust': 'unknown' });
  });

  test('one of two user ids certified: that one is believed, and the other one is not the author', async () => {
    const both = await makeKey([{ email: 'anna@example.test' }, { email: 'ann@example.test' }]);
    const signed = await both.publicKey.signPrimaryUser([root.privateKey], SIGNED, { email: 'anna@example.test' });
    const files = {
      'keys/root.asc': root.publicKey.armor(),
      'keys/both.asc': signed.armor(),
      'ownertrust.txt': `${idOf(root)}:6:\n`,
    };
    const { data } = await mounted(files);
    const answer = await data(FROM_ANN + multipartSigned(PART, await detached(PART, [both])));
    expect(answer).toMatchObject({
      facts: { pgp: 'good', 'pgp.aligned': false, 'pgp.signer': 'anna@example.test' },
    });
  });

  test('a changed file takes effect', async () => {
    const { data, files, clock } = await mounted({
      'keys/root.asc': root.publicKey.armor(),
      'keys/ann.asc': await certified(ann, root),
      'ownertrust.txt': '',
    });
    expect(await data(mail)).toMatchObject({ facts: { pgp: 'untrusted' } });
    files.put('ownertrust.txt', `${idOf(root)}:6:\n`);
    await clock.advance(5000);
    expect(await data(mail)).toMatchObject({ facts: { pgp: 'good' } });
  });

  test('what certifications say is asked again every hour', async () => {
    const soon = new Date(NOW.getTime() + 30 * 60 * 1000);
    const signed = await ann.publicKey.signAllUsers([root.privateKey], soon);
    const { data, clock } = await mounted({
      'keys/root.asc': root.publicKey.armor(),
      'keys/ann.asc': signed.armor(),
      'ownertrust.txt': `${idOf(root)}:6:\n`,
    });
    expect(await data(mail)).toMatchObject({ facts: { pgp: 'untrusted' } });
    await clock.advance(60 * 60 * 1000);
    expect(await data(mail)).toMatchObject({ facts: { pgp: 'good' } });
  });
});

describe('what it does not boot with', () => {
  const files = { 'keys/README': '' };
  test('no file of trust', async () => {
    expect(await faultsIn(pgpVerify, options, { files })).toEqual([
      expect.stringMatching(/^options\.trust\.file: no trust can be read at .*ownertrust\.txt: .*ENOENT/),
    ]);
  });

  test('a file of something else', async () => {
    expect(await faultsIn(pgpVerify, options, { files: { ...files, 'ownertrust.txt': 'hello\n' } })).toEqual([
      expect.stringContaining('line 1'),
    ]);
  });
});
