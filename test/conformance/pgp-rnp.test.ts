/**
 * RNP's samples: forged, malformed, outdated and explosive OpenPGP data. None of it crashes the judge or takes its memory, and
 * none of it is good that should not be.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { armoredBlocks } from '../../core/openpgp/armor.ts';
import { indexKeys } from '../../core/openpgp/key-index.ts';
import { isExpired, isRevoked, maySign, readKeyMaterial } from '../../core/openpgp/openpgp.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
/** For the JavaScript heap, in MiB. */
const MEMORY = 64;
/** For all samples in all poses, in milliseconds: 30 times what a small machine needs. */
const TIME = 60_000;

/** What GnuPG too calls good, with the same keys. Everything else must not be. */
const GOOD = [
  'test_messages/message.txt.cleartext-signed, armored signature',
  'test_messages/message.txt.cleartext-signed, encoded text',
  'test_messages/message.txt.cleartext-signed, text',
  'test_stream_signatures/source.txt.asc, encoded text',
  'test_stream_signatures/source.txt.asc, text',
  'test_stream_signatures/source.txt.asc.asc, encoded text',
  'test_stream_signatures/source.txt.asc.asc, text',
  'test_stream_signatures/source.txt.text.sig, signature',
];

describeWithCorpus("RNP's samples", () => {
  test(
    'every sample in every part of a mail gets a verdict, with little memory, and is good only where it should be',
    async () => {
      const program = fileURLToPath(new URL('./pgp-rnp-run.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [`--max-old-space-size=${MEMORY}`, program, corpus('pgp', 'rnp'), String(NOW.getTime())],
        { timeout: TIME, maxBuffer: 16 * 1024 * 1024 },
      );
      const judged = JSON.parse(stdout) as readonly (readonly [string, string, string])[];
      const good = judged.filter(([, , verdict]) => verdict === 'good').map(([sample, pose]) => `${sample}, ${pose}`);
      const samples = new Set(judged.map(([sample]) => sample)).size;
      console.log(`pgp/rnp: ${samples} samples, ${judged.length} poses, ${good.length} good as they should be`);
      expect(samples).toBeGreaterThan(170);
      expect(good.toSorted()).toEqual(GOOD);
    },
    TIME,
  );

  /** The primary key, then its subkeys. `unfit`: no signature of it is believed. */
  const keys = [
    { file: 'test_forged_keys/dsa-eg-pub-forged-key.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/dsa-eg-pub-forged-material.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/dsa-eg-pub-forged-subkey.pgp', want: ['fit', 'unfit'] },
    { file: 'test_forged_keys/ecc-25519-pub-forged-key.pgp', want: ['unfit'] },
    { file: 'test_forged_keys/ecc-25519-pub-forged-material.pgp', want: ['unfit'] },
    { file: 'test_forged_keys/ecc-25519-pub-future-cert.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/ecc-25519-pub-future-cert-malf-bind.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/ecc-25519-pub.pgp', want: ['fit'] },
    { file: 'test_forged_keys/ecc-p256-pub-expired-key.pgp', want: ['expired', 'expired'] },
    { file: 'test_forged_keys/ecc-p256-pub-expired-subkey.pgp', want: ['fit', 'expired'] },
    { file: 'test_forged_keys/ecc-p256-pub-forged-key.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/ecc-p256-pub-forged-material.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/ecc-p256-pub-forged-subkey.pgp', want: ['fit', 'unfit'] },
    { file: 'test_forged_keys/ecc-p256-pub-no-binding.pgp', want: ['fit', 'unfit'] },
    { file: 'test_forged_keys/ecc-p256-pub-no-certification.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/ecc-p256-pub-no-cert-malf-binding.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/eddsa-2012-md5-pub.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/rsa-rsa-pub-forged-key.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/rsa-rsa-pub-forged-material.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_forged_keys/rsa-rsa-pub-forged-subkey.pgp', want: ['fit', 'unfit'] },
    { file: 'test_forged_keys/rsa-rsa-pub-future-key.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_key_validity/alice-sign-sub-exp-pub.asc', want: ['expired', 'expired'] },
    { file: 'test_key_validity/case6/pubring.gpg', want: ['revoked', 'revoked'] },
    { file: 'test_key_validity/case7/pubring.gpg', want: ['fit', 'revoked'] },
    { file: 'test_key_validity/case8/primary.pgp', want: ['unfit'] },
    { file: 'test_key_edge_cases/alice-rev-no-reason.pgp', want: ['revoked'] },
    { file: 'test_key_edge_cases/alice-sub-rev-no-reason.pgp', want: ['fit', 'revoked'] },
    { file: 'test_key_edge_cases/key-critical-notations.pgp', want: ['unfit', 'unfit'] },
    { file: 'test_key_edge_cases/key-malf-sig.pgp', want: ['unfit'] },
    { file: 'test_uid_validity/key-expired.pgp', want: ['expired', 'expired'] },
    { file: 'test_uid_validity/key-uid-prim-expired-sig.pgp', want: ['fit', 'expired'] },
  ];

  // The subkeys of these samples are for encryption; those are `unfit` to sign even where nothing is forged.
  test.each(keys)('$file: $want', async ({ file, want }) => {
    const octets = readFileSync(corpus('pgp', 'rnp', file));
    const [block] = armoredBlocks(octets);
    const index = indexKeys([await readKeyMaterial(block?.octets ?? octets)]);
    const got: string[] = [];
    for (const { key, signer } of [...index.values()].flat()) {
      if (await isRevoked(key, signer, NOW)) got.push('revoked');
      else if (await maySign(key, signer, NOW)) got.push('fit');
      else got.push((await isExpired(key, signer, NOW)) ? 'expired' : 'unfit');
    }
    expect(got).toEqual(want);
  });
});
