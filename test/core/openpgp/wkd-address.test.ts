/** Where keys are published, as the draft and GnuPG say it. */
import { expect, test } from 'vitest';
import { parseMailbox } from '../../../core/mail/path.ts';
import { wkdAddresses, zBase32 } from '../../../core/openpgp/wkd-address.ts';
import { describeWithGnupg, Gnupg } from '../../support/gnupg.ts';

const addressesOf = (text: string) => {
  const mailbox = parseMailbox(text);
  if (mailbox === null) throw new Error(`${text} is no mailbox`);
  return wkdAddresses(mailbox);
};

test('the example of the draft', () => {
  const found = addressesOf('Joe.Doe@Example.ORG');
  expect(found?.direct.href).toBe(
    'https://example.org/.well-known/openpgpkey/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe',
  );
  expect(found?.advanced.href).toBe(
    'https://openpgpkey.example.org/.well-known/openpgpkey/example.org/hu/iy9q119eutrkn8s1mk4r39qejnbu3n5q?l=Joe.Doe',
  );
});

test.each([
  { octets: [], want: '' },
  { octets: [0], want: 'yy' },
  { octets: [0xf0, 0xbf, 0xc7], want: '6n9hq' },
  { octets: [0xd4, 0x7a, 0x04], want: '4t7ye' },
])('z-base-32 of $octets', ({ octets, want }) => {
  expect(zBase32(Buffer.from(octets))).toBe(want);
});

test('a local part chooses no other place', () => {
  expect(addressesOf('"a/../b?c#d&e"@example.test')?.direct.pathname).toMatch(
    /^\/\.well-known\/openpgpkey\/hu\/[a-z0-9]{32}$/,
  );
  expect(addressesOf('"a/../b?c#d&e"@example.test')?.direct.search).toBe('?l=a%2F..%2Fb%3Fc%23d%26e');
});

test('what is no domain of the internet has no directory', () => {
  expect(addressesOf('ann@[192.0.2.1]')).toBeNull();
  expect(addressesOf('ann@localhost')).toBeNull();
});

describeWithGnupg('GnuPG has the same hashes', () => {
  test('of odd local parts', async () => {
    const gnupg = await Gnupg.create();
    const addresses = ['Ann@example.test', 'ann+tag@example.test', "o'brien.X@example.test"];
    try {
      for (const address of addresses)
        await gnupg.makeKey({
          userId: `<${address}>`,
          algorithm: 'ed25519',
          made: '20260101T000000',
          expires: 'never',
        });
      const theirs = await gnupg.wkdHashes();
      const ours = addresses.map(address => addressesOf(address)?.direct.pathname.split('/').at(-1) ?? '');
      expect(theirs.toSorted()).toEqual(ours.toSorted());
    } finally {
      await gnupg.remove();
    }
  });
});
