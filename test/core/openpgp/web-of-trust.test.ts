/** The web of trust is that of GnuPG: webs of keys drawn by chance, and every rule by itself. */
import { config, enums, generateKey, type PrivateKey, SignaturePacket } from 'openpgp';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { armoredBlocks } from '../../../core/openpgp/armor.ts';
import { indexKeys } from '../../../core/openpgp/key-index.ts';
import { type Key, readKeyMaterial } from '../../../core/openpgp/openpgp.ts';
import { parseOwnerTrusts } from '../../../core/openpgp/owner-trust.ts';
import { USUAL_RULES, webOfTrust } from '../../../core/openpgp/web-of-trust.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { describeWithGnupg, Gnupg } from '../../support/gnupg.ts';

const MADE = new Date('2026-01-01T00:00:00Z');
const SIGNED = new Date('2026-02-01T00:00:00Z');
const NOW = new Date('2026-11-23T12:00:00Z');
const AT_NOW = '20261123T120000';
const PEOPLE = 14;
const LETTERS: Readonly<Record<string, string>> = { ultimate: 'u', full: 'f', marginal: 'm', unknown: '-' };

/** The last one can sign over SHA-1. */
function kindOf(at: number) {
  return at === PEOPLE - 1 ? ({ type: 'rsa', rsaBits: 2048 } as const) : ({ curve: 'ed25519Legacy' } as const);
}

/** What to say of a user id. */
interface Word {
  readonly by: number;
  readonly of: number;
  /** Which of the user ids. */
  readonly user?: number;
  readonly type?: enums.signature;
  readonly at?: Date;
  /** In seconds. */
  readonly lasts?: number;
  readonly hash?: enums.hash;
  readonly revocable?: boolean;
}

let people: readonly PrivateKey[];

beforeAll(async () => {
  people = await Promise.all(
    Array.from({ length: PEOPLE }, async (_, at) => {
      const userIDs = [0, 1].map(user => ({ name: `P${at}`, email: `p${at}.${user}@example.test` }));
      const { privateKey } = await generateKey({ ...kindOf(at), userIDs, date: MADE, format: 'object' });
      return privateKey;
    }),
  );
});

async function certification({ by, of, user = 0, type, at = SIGNED, lasts, hash, revocable }: Word) {
  const signer = people[by] as PrivateKey;
  const subject = people[of] as PrivateKey;
  const packet = Object.assign(new SignaturePacket(), {
    signatureType: type ?? enums.signature.certGeneric,
    publicKeyAlgorithm: signer.keyPacket.algorithm,
    hashAlgorithm: hash ?? enums.hash.sha256,
    ...(lasts === undefined ? {} : { signatureExpirationTime: lasts, signatureNeverExpires: false }),
    ...(revocable === undefined ? {} : { revocable }),
  });
  const data = { userID: subject.users[user]?.userID, key: subject.keyPacket };
  // The last argument is missing in the types of the package.
  const signing = packet as unknown as { sign(...args: readonly unknown[]): Promise<void> };
  await signing.sign(signer.keyPacket, data, at, false, { ...config, nonDeterministicSignaturesViaNotation: false });
  return packet;
}

/** The public keys with these certifications, armored. */
async function keysWith(words: readonly Word[]): Promise<readonly string[]> {
  const copies = people.map(person => person.toPublic());
  for (const word of words) {
    const target = copies[word.of]?.users[word.user ?? 0];
    const list =
      word.type === enums.signature.certRevocation ? target?.revocationSignatures : target?.otherCertifications;
    list?.push(await certification(word));
  }
  return copies.map(copy => copy.armor());
}

const fingerprint = (at: number) => people[at]?.getFingerprint().toUpperCase() ?? '';
const trusts = (values: Readonly<Record<number, number>>) =>
  Object.entries(values)
    .map(([at, value]) => `${fingerprint(Number(at))}:${value}:\n`)
    .join('');

async function webOf(armored: readonly string[], ownerTrust: string, rules = USUAL_RULES) {
  const blocks = armored.flatMap(text =>
    armoredBlocks(Buffer.from(text)).map(({ octets }) => octets ?? Buffer.alloc(0)),
  );
  const index = indexKeys(await Promise.all(blocks.map(readKeyMaterial)));
  const keys = [...new Set([...index.values()].flat().map(({ key }) => key))];
  const web = await webOfTrust({ keys, owners: parseOwnerTrusts(ownerTrust), rules, now: NOW });
  return { web, keys };
}

const keyOf = (keys: readonly Key[], at: number) =>
  keys.find(key => key.getFingerprint().toUpperCase() === fingerprint(at)) as Key;
const userId = (at: number, user = 0) => `P${at} <p${at}.${user}@example.test>`;

describeWithGnupg('the web of trust is that of GnuPG', () => {
  let gnupg: Gnupg;
  beforeEach(async () => {
    gnupg = await Gnupg.create();
  });
  afterEach(() => gnupg.remove());

  async function compare(
    words: readonly Word[],
    ownerTrust: string,
    more: readonly string[] = [],
    rules = USUAL_RULES,
  ) {
    const armored = await keysWith(words);
    await gnupg.importKey(armored.join('\n'));
    await gnupg.importOwnerTrust(ownerTrust);
    const theirs = await gnupg.validities(AT_NOW, more);
    const { web, keys } = await webOf(armored, ownerTrust, rules);
    const ours = new Map<string, string>();
    for (const key of keys) {
      for (const id of key.getUserIDs()) {
        const letter = LETTERS[web.beliefIn(key, id).validity] ?? '?';
        ours.set(`${key.getFingerprint().toUpperCase()} ${id}`, letter);
      }
    }
    const plain = new Map([...theirs].map(([name, letter]) => [name, /[ufm]/.test(letter) ? letter : '-']));
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(plain));
    return [...ours.values()].join('');
  }

  test.each(['one', 'two', 'three'])('a web drawn by chance: %s', async seed => {
    const random = seededRandom(`web ${seed}`);
    const kinds = [
      { type: enums.signature.certGeneric },
      { type: enums.signature.certPositive },
      { type: enums.signature.certCasual },
      { type: enums.signature.certPersona },
      { lasts: 86_400 },
      { lasts: 86_400 * 3650 },
      {},
      {},
    ];
    const words = Array.from({ length: 60 }, (): readonly Word[] => {
      const by = random.below(4) === 0 ? 0 : random.below(PEOPLE);
      const of = random.below(PEOPLE);
      const user = random.below(2);
      if (by === of) return [];
      const word = { by, of, user, ...kinds[random.below(kinds.length)] };
      if (random.below(8) > 0) return [word];
      const at = new Date(SIGNED.getTime() + (random.below(2) === 0 ? 86_400_000 : -86_400_000));
      return [word, { by, of, user, type: enums.signature.certRevocation, at }];
    }).flat();
    const values = Object.fromEntries(
      people.map((_, at) => [at, at === 0 ? 6 : ([4, 4, 5, 2, 3] as const)[random.below(5)]]),
    );
    const letters = await compare(words, trusts(values as Record<number, number>));
    expect(letters).toMatch(/f/);
  });

  test('a chain ends after five certifications', async () => {
    const chain = Array.from({ length: 8 }, (_, at) => ({ by: at, of: at + 1 }));
    const values = Object.fromEntries(chain.map((_, at) => [at, at === 0 ? 6 : 5]));
    await compare(chain, trusts(values));
    await gnupg.remove();
    gnupg = await Gnupg.create();
    await compare(chain, trusts(values), ['--max-cert-depth', '2'], { ...USUAL_RULES, depth: 2 });
  });

  test('marginal introducers of different rounds count together', async () => {
    const words = [
      { by: 0, of: 1 },
      { by: 0, of: 2 },
      { by: 0, of: 3 },
      { by: 3, of: 4 },
      { by: 1, of: 9 },
      { by: 2, of: 9 },
      { by: 4, of: 9 },
      { by: 1, of: 8 },
    ];
    const letters = await compare(words, trusts({ 0: 6, 1: 4, 2: 4, 3: 5, 4: 4 }));
    expect(letters).toMatch(/m/);
  });

  test('a certification that cannot be taken back is not', async () => {
    await compare(
      [
        { by: 0, of: 1, revocable: false },
        { by: 0, of: 1, type: enums.signature.certRevocation, at: NOW },
        { by: 0, of: 2 },
        { by: 0, of: 2, type: enums.signature.certRevocation, at: NOW },
      ],
      trusts({ 0: 6 }),
    );
  });

  test('as many introducers as the rules ask for', async () => {
    const words = [
      { by: 0, of: 1 },
      { by: 0, of: 2 },
      { by: 1, of: 9 },
      { by: 2, of: 9 },
      { by: 1, of: 8 },
    ];
    await compare(words, trusts({ 0: 6, 1: 5, 2: 5 }), ['--completes-needed', '2'], { ...USUAL_RULES, completes: 2 });
  });
});

describe('what one sees of a path', () => {
  const chain: readonly Word[] = [
    { by: 0, of: 1 },
    { by: 1, of: 2 },
    { by: 2, of: 3 },
  ];

  test('the introducers, from our own key on', async () => {
    const { web, keys } = await webOf(await keysWith(chain), trusts({ 0: 6, 1: 5, 2: 5 }));
    expect(web.beliefIn(keyOf(keys, 3), userId(3))).toEqual({
      validity: 'full',
      through: ['p0.0@example.test', 'p1.0@example.test', 'p2.0@example.test'],
    });
    expect(web.beliefIn(keyOf(keys, 3), userId(3, 1))).toEqual({ validity: 'unknown', through: [] });
    expect(web.beliefIn(keyOf(keys, 0), userId(0, 1))).toEqual({ validity: 'ultimate', through: [] });
  });

  test('marginal ones stand together', async () => {
    const words = [1, 2, 3].flatMap(at => [
      { by: 0, of: at },
      { by: at, of: 4 },
    ]);
    const { web, keys } = await webOf(await keysWith(words), trusts({ 0: 6, 1: 4, 2: 4, 3: 4 }));
    expect(web.beliefIn(keyOf(keys, 4), userId(4)).through).toEqual([
      'p0.0@example.test',
      'p1.0@example.test + p2.0@example.test + p3.0@example.test',
    ]);
  });
});

describe('certifications that count for nothing', () => {
  test.each([
    { title: 'dated in the future', word: { by: 0, of: 1, at: new Date('2027-01-01T00:00:00Z') } },
    { title: 'by somebody whose owner is not trusted', word: { by: 5, of: 1 } },
  ])('$title', async ({ word }) => {
    const { web, keys } = await webOf(await keysWith([{ by: 0, of: 5 }, word]), trusts({ 0: 6 }));
    expect(web.beliefIn(keyOf(keys, 1), userId(1)).validity).toBe('unknown');
  });

  test.each([
    { title: 'over SHA-1', hash: enums.hash.sha1, want: 'unknown' },
    { title: 'over SHA-256, for comparison', hash: enums.hash.sha256, want: 'full' },
  ])('$title', async ({ hash, want }) => {
    const { web, keys } = await webOf(await keysWith([{ by: PEOPLE - 1, of: 1, hash }]), trusts({ [PEOPLE - 1]: 6 }));
    expect(web.beliefIn(keyOf(keys, 1), userId(1)).validity).toBe(want);
  });

  test('forged: made for another user id', async () => {
    const copies = people.map(person => person.toPublic());
    copies[1]?.users[1]?.otherCertifications.push(await certification({ by: 0, of: 1, user: 0 }));
    const { web, keys } = await webOf(
      copies.map(copy => copy.armor()),
      trusts({ 0: 6 }),
    );
    expect(web.beliefIn(keyOf(keys, 1), userId(1, 1)).validity).toBe('unknown');
  });
});
