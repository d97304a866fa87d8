/** Autocrypt Level 1: fields are read as the specification says, and peers follow its rules of update. */
import { beforeAll, describe, expect, test } from 'vitest';
import { parseMailbox } from '../../../core/mail/path.ts';
import { parseHeader } from '../../../core/mime/header.ts';
import { parseAutocrypt } from '../../../core/openpgp/autocrypt-header.ts';
import { AutocryptPeers } from '../../../core/openpgp/autocrypt-peers.ts';
import { authorOf } from '../../../core/openpgp/signer.ts';
import { memoryFiles, recordingLog } from '../../../core/testing.ts';
import { makeKey, NOW, type TestKey } from '../../support/openpgp-signing.ts';

const ANN = parseMailbox('ann@example.test');
const DAY = 86_400_000;

let first: TestKey;
let second: TestKey;

beforeAll(async () => {
  first = await makeKey([{ email: 'ann@example.test' }]);
  second = await makeKey([{ email: 'ann@example.test' }]);
});

const dataOf = (key: TestKey) => Buffer.from(key.publicKey.write()).toString('base64');
const fieldOf = (key: TestKey, before = '') =>
  `Autocrypt: addr=ann@example.test; ${before}keydata=${dataOf(key).replaceAll(/.{70}/g, '$&\r\n ')}`;

describe('the field', () => {
  const address = { localPart: 'ann', domain: 'example.test' };
  const key = Buffer.from('hello');
  test.each([
    { value: 'addr=ann@example.test; keydata=aGVsbG8=', want: { address, preferEncrypt: 'nopreference', key } },
    {
      value: ' addr = ann@example.test ;prefer-encrypt=mutual;keydata= aGVs bG8=\t;',
      want: { address, preferEncrypt: 'mutual', key },
    },
    {
      value: 'addr=ann@example.test; prefer-encrypt=maybe; keydata=aGVsbG8=',
      want: { address, preferEncrypt: 'nopreference', key },
    },
    { value: 'addr=ann@example.test; _new=x; keydata=aGVsbG8=', want: { address, preferEncrypt: 'nopreference', key } },
    { value: 'addr=ann@example.test; new=x; keydata=aGVsbG8=', want: null },
    { value: 'addr=ann@example.test; addr=eve@example.test; keydata=aGVsbG8=', want: null },
    { value: 'addr=ann@example.test', want: null },
    { value: 'keydata=aGVsbG8=', want: null },
    { value: 'addr=ann@example.test; keydata=***', want: null },
    { value: 'addr=ann; keydata=aGVsbG8=', want: null },
    { value: 'addr=ann@example.test; hello; keydata=aGVsbG8=', want: null },
    { value: `addr=ann@example.test; keydata=${'AAAA'.repeat(40_000)}`, want: null },
    { value: '', want: null },
  ])('%#: $value', ({ value, want }) => {
    expect(parseAutocrypt(value)).toEqual(want);
  });
});

describe('the rules of update', () => {
  async function world({ most = 10 } = {}) {
    const log = recordingLog();
    const files = memoryFiles();
    const peers = new AutocryptPeers({ files, log, directory: './peers', most });
    await peers.open();
    const learn = async (lines: readonly string[], now = NOW) => {
      const header = parseHeader(Buffer.from(['From: Ann <ann@example.test>', ...lines, '', ''].join('\r\n')));
      const author = authorOf(header);
      if (author !== null) await peers.learn(header, author, now);
    };
    return { log, files, peers, learn, ann: () => (ANN === null ? null : peers.peer(ANN)) };
  }
  const dated = (days: number) => `Date: ${new Date(NOW.getTime() + days * DAY).toUTCString()}`;
  const seconds = (days: number) => NOW.getTime() + days * DAY;

  test('a key is kept, with its preference and its time', async () => {
    const { learn, ann, files } = await world();
    await learn([dated(-2), fieldOf(first, 'prefer-encrypt=mutual; ')]);
    expect(await ann()).toEqual({
      address: 'ann@example.test',
      lastSeen: seconds(-2),
      autocryptTimestamp: seconds(-2),
      preferEncrypt: 'mutual',
      key: dataOf(first),
    });
    expect(files.paths()).toEqual([expect.stringMatching(/\/peers\/[0-9a-f]{64}\.json$/)]);
  });

  test('a later key takes the place of an earlier one, never the other way round', async () => {
    const { learn, ann } = await world();
    await learn([dated(-2), fieldOf(first)]);
    await learn([dated(-1), fieldOf(second)]);
    expect(await ann()).toMatchObject({ key: dataOf(second), autocryptTimestamp: seconds(-1) });
    await learn([dated(-2), fieldOf(first)]);
    expect(await ann()).toMatchObject({ key: dataOf(second), autocryptTimestamp: seconds(-1) });
  });

  test('mail without a field is seen, and changes no key', async () => {
    const { learn, ann } = await world();
    await learn([dated(-2)]);
    expect(await ann()).toBeNull();
    await learn([dated(-2), fieldOf(first)]);
    await learn([dated(-1)]);
    expect(await ann()).toMatchObject({ key: dataOf(first), lastSeen: seconds(-1), autocryptTimestamp: seconds(-2) });
  });

  test('a mail from the future is from now', async () => {
    const { learn, ann } = await world();
    await learn([dated(300), fieldOf(first)]);
    expect(await ann()).toMatchObject({ autocryptTimestamp: NOW.getTime() });
  });

  test.each([
    { title: 'two valid fields', lines: () => [fieldOf(first), fieldOf(second)] },
    { title: 'the address of somebody else', lines: () => [fieldOf(first).replace('ann@', 'eve@')] },
    { title: 'no key in it', lines: () => ['Autocrypt: addr=ann@example.test; keydata=aGVsbG8='] },
    {
      title: 'a private key in it',
      lines: () => [
        `Autocrypt: addr=ann@example.test; keydata=${Buffer.from(first.privateKey.write()).toString('base64')}`,
      ],
    },
    { title: 'a report', lines: () => ['Content-Type: multipart/report; boundary=b', fieldOf(first)] },
    { title: 'a second From', lines: () => ['From: eve@example.test', fieldOf(first)] },
  ])('$title: nothing is kept', async ({ lines }) => {
    const { learn, ann } = await world();
    await learn(lines());
    expect(await ann()).toBeNull();
  });

  test('a field of somebody else beside the valid one does not disturb', async () => {
    const { learn, ann } = await world();
    await learn([fieldOf(first), fieldOf(second).replace('ann@', 'eve@')]);
    expect(await ann()).toMatchObject({ key: dataOf(first) });
  });

  test('flood: no more addresses are kept than the limit says, and those that are kept go on to change', async () => {
    const { learn, ann, peers, log } = await world({ most: 1 });
    await learn([dated(-2), fieldOf(first)]);
    const eve = { localPart: 'eve', domain: 'example.test' };
    const header = parseHeader(
      Buffer.from(`From: eve@example.test\r\n${fieldOf(second).replace('ann@', 'eve@')}\r\n\r\n`),
    );
    await peers.learn(header, eve, NOW);
    expect(await peers.peer(eve)).toBeNull();
    expect(log.of('not kept')).toHaveLength(1);
    await learn([dated(-1), fieldOf(second)]);
    expect(await ann()).toMatchObject({ key: dataOf(second) });
  });

  test('many mails at one time leave the latest key', async () => {
    const { learn, ann } = await world();
    await Promise.all([-3, -1, -2].map(days => learn([dated(days), fieldOf(days === -1 ? second : first)])));
    expect(await ann()).toMatchObject({ key: dataOf(second), autocryptTimestamp: seconds(-1) });
  });

  test('a disk that fails costs the key and nothing else', async () => {
    const { learn, ann, files, log } = await world();
    await learn([dated(-2), fieldOf(first)]);
    const [path = ''] = files.paths();
    for (const operation of ['replace', 'read'] as const) {
      files.fail(path, 'EIO', operation);
      await learn([dated(-1), fieldOf(second)]);
      files.heal(path);
      expect(await ann()).toMatchObject({ key: dataOf(first) });
    }
    expect(log.of('not kept')).toHaveLength(2);
  });

  test('a damaged file is as none', async () => {
    const { learn, ann, files, log } = await world();
    await learn([fieldOf(first)]);
    files.put(files.paths()[0] ?? '', '{"address":');
    expect(await ann()).toBeNull();
    expect(log.of('not read')).toHaveLength(1);
    await learn([fieldOf(second)]);
    expect(await ann()).toMatchObject({ key: dataOf(second) });
  });
});
