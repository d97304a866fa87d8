/**
 * OpenPGP verdicts against GnuPG's, row by row of the tables in the corpus, at the time for which they were made.
 *
 * A table says what GnuPG 2.2.40 found in each part: verdict, signer, and a digest of the octets that it was given. `good` where
 * GnuPG says otherwise is an error that no entry among the deviations excuses.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Content, contentOf, parseTree } from '../../core/index.ts';
import { indexKeys } from '../../core/openpgp/key-index.ts';
import { type KeySource, keyringSource } from '../../core/openpgp/key-source.ts';
import { readKeyring } from '../../core/openpgp/keyring.ts';
import { authorOf } from '../../core/openpgp/signer.ts';
import { harness, memoryFiles } from '../../core/testing.ts';
import { examine, findingsOf } from '../../plugins/pgp-verify/examine.ts';
import pgpVerify from '../../plugins/pgp-verify/index.ts';
import { type Finding, type Judgement, judgementOf } from '../../plugins/pgp-verify/judgement.ts';
import { type Sighting, sightings } from '../../plugins/pgp-verify/survey.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const MAX_SIZE = 50 * 1024 * 1024;

/** A table, and the keys that it was made with. */
interface Source {
  readonly name: string;
  readonly table: string;
  readonly keys: readonly string[];
}

const THUNDERBIRD_KEYS = 'thunderbird/keys';
const SOURCES: readonly Source[] = [
  { name: 'thunderbird', table: 'thunderbird/expected-gpg.tsv', keys: ['thunderbird/public-keys.asc'] },
  { name: 'thunderbird, no keys', table: 'thunderbird/expected-gpg-no-keys.tsv', keys: [] },
  {
    name: 'thunderbird, revoked',
    table: 'thunderbird/expected-gpg-with-revocations.tsv',
    keys: [
      `${THUNDERBIRD_KEYS}/alice@openpgp.example-0xf231550c4f47e38e-pub.asc`,
      `${THUNDERBIRD_KEYS}/alice@openpgp.example-0xf231550c4f47e38e-rev.asc`,
      `${THUNDERBIRD_KEYS}/bob@openpgp.example-0xfbfcc82a015e7330-pub.asc`,
      `${THUNDERBIRD_KEYS}/bob@openpgp.example-0xfbfcc82a015e7330-rev.asc`,
    ],
  },
  { name: 'mimetreeparser', table: 'mimetreeparser/expected-gpg.tsv', keys: ['mimetreeparser/public-keys.asc'] },
  { name: 'chatmail', table: 'chatmail/expected-gpg.tsv', keys: ['chatmail/public-keys.asc'] },
  { name: 'gmime', table: 'gmime/expected-gpg.tsv', keys: ['gmime/pgp/gmime.gpg.pub'] },
  { name: 'mimekit', table: 'mimekit/expected-gpg.tsv', keys: ['mimekit/mimekit.gpg.pub'] },
  { name: 'james', table: 'james/expected-gpg.tsv', keys: [] },
];

/** What is said of a row instead of GnuPG's verdict, and why. Never `good`. */
const DEVIATIONS: Readonly<Record<string, { readonly verdict: string; readonly because: string }>> = {
  'gmime/pgp/signed-message.txt 1#1': {
    verdict: 'malformed',
    because: 'signed over SHA-1, for which two texts of one hash can be made; GnuPG 2.2 still believes it',
  },
};

/** Mails whose signature speaks of a part only: footers, forwarded mail, parts beside the signed one. */
const PARTS_ONLY: ReadonlySet<string> = new Set([
  'thunderbird/eml/signed-by-0xfbfcc82a015e7330-to-0xf231550c4f47e38e-unencrypted-in-mixed.eml',
  'thunderbird/eml/fwd-signed.eml',
  'thunderbird/eml/multiple-signatures.eml',
  'thunderbird/eml/dual-signed-uncommon-content-type.eml',
  'mimetreeparser/testdata/openpgp-signed-mailinglist+additional-children.mbox',
  'chatmail/message/mailinglist_with_mimepart_footer_signed.eml',
  'gmime/pgp/signed-message.txt',
  'mimekit/[Announce] GnuPG 2.1.20 released.eml',
]);

interface Row {
  readonly file: string;
  readonly kind: string;
  readonly part: string;
  readonly verdict: string;
  readonly signer: string;
  readonly digest: string;
}

function rowsOf(table: string): readonly Row[] {
  const lines = readFileSync(corpus('pgp', table), 'utf8').split('\n');
  return lines
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => {
      const [file = '', , kind = '', part = '', verdict = '', signer = '', status = ''] = line.split('\t');
      return { file, kind, part, verdict, signer, digest: status.split(' ').at(-1) ?? '' };
    });
}

/** The verdict that a row asks for, as the corpus explains its tables. */
function wanted({ kind, verdict, signer }: Row): { readonly verdict: string; readonly aligned: boolean } {
  const aligned = verdict === 'GOODSIG' && signer.endsWith('[from=signer]');
  if (kind === 'none') return { verdict: 'none', aligned: false };
  if (kind.endsWith('-enc')) return { verdict: 'encrypted', aligned: false };
  const verdicts: Readonly<Record<string, string>> = {
    GOODSIG: 'good',
    BADSIG: 'bad',
    ERRSIG: 'unknown-key',
    REVKEYSIG: 'revoked',
    EXPKEYSIG: 'expired',
    EXPSIG: 'expired',
  };
  return { verdict: verdicts[verdict] ?? 'malformed', aligned };
}

/** A mail as SMTP brings it: no mbox line, lines ended by CRLF. */
function mailOf(file: string): Content {
  const text = readFileSync(corpus('pgp', file), 'latin1').replace(/^From .*\r?\n/, '');
  return contentOf(Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'), 'latin1'));
}

async function keysOf(source: Source): Promise<KeySource> {
  const files = memoryFiles(
    Object.fromEntries(source.keys.map((key, at) => [`keys/${at}.asc`, readFileSync(corpus('pgp', key))])),
  );
  await files.makeDirectory('keys');
  const { material, unusable } = await readKeyring(files, 'keys');
  expect(unusable).toEqual([]);
  return keyringSource({ index: indexKeys(material), web: null });
}

/**
 * The digests that a table may hold for signed octets: those of PGP/MIME as they were signed; those of clear-signed text as
 * GnuPG prints it, with the last line end, and with the line ends of the file.
 */
function digests(kind: string, octets: Buffer): readonly string[] {
  const text = octets.toString('latin1');
  const forms = kind === 'clear-sig' ? [`${text}\r\n`, `${text.replaceAll('\r\n', '\n')}\n`] : [text];
  return forms.map(form => createHash('sha256').update(form, 'latin1').digest('hex').slice(0, 16));
}

/** Everything in a mail, judged part by part. */
async function partsOf(content: Content, keys: KeySource) {
  const tree = parseTree(await content.bytes());
  if (tree.kind !== 'tree') throw new Error('no tree');
  const author = authorOf(tree.root.header);
  const parts = new Map<
    string,
    { readonly sighting: Sighting; readonly finding: Finding; readonly judgement: Judgement }
  >();
  for (const sighting of sightings(tree.root)) {
    const [finding] = await findingsOf(sighting, { keys, author, now: NOW, open: null });
    if (finding === undefined) throw new Error('nothing found');
    const whole = finding.kind === 'signed' ? { ...finding, whole: true } : finding;
    parts.set(finding.at, { sighting, finding, judgement: judgementOf([whole], author) });
  }
  return parts;
}

describeWithCorpus('OpenPGP verdicts are those of GnuPG', () => {
  test.each(SOURCES)('$name', async source => {
    const rows = rowsOf(source.table);
    const keys = await keysOf(source);
    const differ: string[] = [];
    const excused: string[] = [];
    for (const row of rows) {
      const parts = await partsOf(mailOf(row.file), keys);
      const name = `${row.file} ${row.part}`;
      const want = wanted(row);
      if (row.kind === 'none') {
        if (parts.size > 0) differ.push(`${name}: ${[...parts.keys()].join(', ')} where GnuPG has nothing`);
        continue;
      }
      const part = parts.get(row.part);
      const got = part?.judgement.verdict ?? 'none';
      if (got === 'good') expect(row.verdict, name).toBe('GOODSIG');
      const deviation = DEVIATIONS[name];
      if (deviation !== undefined) {
        expect(deviation.verdict, name).not.toBe('good');
        expect(got, name).toBe(deviation.verdict);
        excused.push(name);
        continue;
      }
      if (got !== want.verdict) differ.push(`${name}: ${got} instead of ${want.verdict} (${part?.judgement.because})`);
      else if (part?.judgement.aligned !== want.aligned) differ.push(`${name}: aligned ${part?.judgement.aligned}`);
      else if (part?.sighting.kind === 'signed' && !digests(row.kind, part.sighting.octets).includes(row.digest))
        differ.push(`${name}: other signed octets than GnuPG's`);
    }
    console.log(
      `pgp/${source.name}: ${rows.length} rows, ${rows.length - differ.length - excused.length} as GnuPG, ${excused.length} deviations, ${differ.length} failed`,
    );
    expect(differ).toEqual([]);
  });

  test.each(SOURCES)('$name: a mail is good only where all of it is', async source => {
    const keys = await keysOf(source);
    const byFile = Map.groupBy(rowsOf(source.table), row => row.file);
    for (const [file, rows] of byFile) {
      const { verdict, coverage } = await examine(mailOf(file), { keys, now: NOW, maxSize: MAX_SIZE, open: null });
      const signed = rows.filter(row => row.kind.endsWith('-sig'));
      if (verdict === 'good' || verdict === 'partial') {
        expect(
          signed.map(row => row.verdict),
          file,
        ).toEqual(signed.map(() => 'GOODSIG'));
      }
      const want = signed.length === 0 ? 'none' : PARTS_ONLY.has(file) ? 'part' : 'whole';
      expect(coverage, file).toBe(want);
    }
  });

  test('every deviation is one of a row that is there', () => {
    const names = SOURCES.flatMap(source => rowsOf(source.table).map(row => `${row.file} ${row.part}`));
    expect(Object.keys(DEVIATIONS).filter(name => !names.includes(name))).toEqual([]);
  });

  test('S/MIME is none of ours: it gets no verdict, and no octet of it changes', async () => {
    const folders = ['thunderbird-smime/smime', 'thunderbird-smime/smime/data', 'mimetreeparser/testdata'];
    const files = folders
      .flatMap(folder => readdirSync(corpus('pgp', folder)).map(name => `${folder}/${name}`))
      .filter(file => /smime\/.*\.eml$|\/smime-[^/]*\.mbox$/.test(file));
    const { data } = await harness(pgpVerify, { keyring: './keys' }, { files: { 'keys/README': '' }, now: NOW });
    for (const file of files) {
      const content = await mailOf(file).bytes();
      const answer = await data(content);
      if (answer?.kind !== 'rewrite') throw new Error(`no rewrite of ${file}`);
      expect(answer.facts, file).toMatchObject({ pgp: 'none', 'pgp.encrypted': false });
      expect((await answer.content.bytes()).subarray(-content.length).equals(content), file).toBe(true);
    }
    console.log(`pgp/S/MIME: ${files.length} mails, none of them taken for OpenPGP`);
    expect(files.length).toBeGreaterThan(30);
  });

  test('the plugin leaves the signed octets of every mail as they are', async () => {
    let signed = 0;
    for (const source of SOURCES) {
      const keys = {
        'keys/README': '',
        ...Object.fromEntries(source.keys.map((key, at) => [`keys/${at}.asc`, readFileSync(corpus('pgp', key))])),
      };
      const { data } = await harness(pgpVerify, { keyring: './keys' }, { files: keys, now: NOW });
      const index = await keysOf(source);
      for (const file of new Set(rowsOf(source.table).map(row => row.file))) {
        const content = mailOf(file);
        const answer = await data(await content.bytes());
        if (answer?.kind !== 'rewrite') throw new Error(`no rewrite of ${file}`);
        const before = await partsOf(content, index);
        const after = await partsOf(answer.content, index);
        expect(summary(after), file).toEqual(summary(before));
        signed += before.size;
      }
    }
    expect(signed).toBeGreaterThan(50);
  });
});

/** What must be the same before and after: places, signed octets, verdicts. */
function summary(parts: Awaited<ReturnType<typeof partsOf>>) {
  return [...parts].map(([at, { sighting, judgement }]) => ({
    at,
    octets: sighting.kind === 'signed' ? createHash('sha256').update(sighting.octets).digest('hex') : null,
    verdict: judgement.verdict,
  }));
}
