/** Keys that mail brings along: collected if wanted, never believed unless it is said, and never for their own mail. */
import { beforeAll, describe, expect, test } from 'vitest';
import { harness } from '../../../core/testing.ts';
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

let ann: TestKey;

beforeAll(async () => {
  ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
});

async function mailWithKey(): Promise<string> {
  const data = Buffer.from(ann.publicKey.write()).toString('base64').replaceAll(/.{70}/g, '$&\r\n ');
  const field = `Autocrypt: addr=ann@example.test; keydata=${data}\r\n`;
  return FROM_ANN + field + multipartSigned(PART, await detached(PART, [ann]));
}

async function world(autocrypt: object | undefined) {
  const options = { keyring: './keys', header: false, ...(autocrypt === undefined ? {} : { autocrypt }) };
  const mounted = await harness(pgpVerify, options, { files: { 'keys/README': '' }, now: NOW });
  const factsOf = async (text: string) => {
    const said = await mounted.data(text);
    if (said?.kind !== 'note') throw new Error('no note');
    return said.facts;
  };
  return { ...mounted, factsOf };
}

describe('spoofing by a key in the mail', () => {
  test('it does not vouch for its own mail', async () => {
    const { factsOf } = await world({ directory: './peers', believe: true });
    expect(await factsOf(await mailWithKey())).toMatchObject({ pgp: 'unknown-key', 'pgp.aligned': false });
  });

  test('it does not vouch for a later one either: untrusted', async () => {
    const { factsOf } = await world({ directory: './peers' });
    await factsOf(await mailWithKey());
    const facts = await factsOf(await mailWithKey());
    expect(facts).toMatchObject({ pgp: 'untrusted', 'pgp.aligned': false, 'pgp.source': 'autocrypt' });
    expect(facts).not.toHaveProperty('pgp.signer');
  });

  test('without the option nothing is collected', async () => {
    const { factsOf, files } = await world(undefined);
    await factsOf(await mailWithKey());
    expect(files.paths()).toEqual(['/config/keys/README']);
  });
});

test('who believes such keys has later mail good, for the address that the key came with', async () => {
  const { factsOf } = await world({ directory: './peers', believe: true });
  await factsOf(await mailWithKey());
  expect(await factsOf(await mailWithKey())).toMatchObject({
    pgp: 'good',
    'pgp.aligned': true,
    'pgp.signer': 'ann@example.test',
    'pgp.source': 'autocrypt',
  });
});
