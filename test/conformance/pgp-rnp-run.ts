/**
 * Judges every OpenPGP sample as every part of a mail that it could pose as. A program of its own, so that the test can run
 * it with little memory and an end to its time. Prints one JSON array of `[sample, pose, verdict]`.
 *
 * Arguments: the folder of the samples, and the time in milliseconds.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf } from '../../core/index.ts';
import { armoredBlocks } from '../../core/openpgp/armor.ts';
import { indexKeys } from '../../core/openpgp/key-index.ts';
import { keyringSource } from '../../core/openpgp/key-source.ts';
import { type KeyMaterial, readKeyMaterial } from '../../core/openpgp/openpgp.ts';
import { examine } from '../../plugins/pgp-verify/examine.ts';

const [, , folder = '', time = ''] = process.argv;
const now = new Date(Number(time));
const samples = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(entry => join(entry.parentPath, entry.name))
  .toSorted();

const material: KeyMaterial[] = [];
for (const sample of samples) {
  const octets = readFileSync(sample);
  const blocks = armoredBlocks(octets);
  for (const block of blocks.length === 0 ? [octets] : blocks.map(one => one.octets)) {
    const read = block === null ? null : await readKeyMaterial(block).catch(() => null);
    if (read !== null) material.push(read);
  }
}
const keys = keyringSource({ index: indexKeys(material), web: null });

const HEAD = 'From: alice@rnp\r\nMIME-Version: 1.0\r\n';
const SIGNED = 'multipart/signed; protocol="application/pgp-signature"; boundary=b';
const armored = (octets: Buffer) =>
  `-----BEGIN PGP SIGNATURE-----\r\n\r\n${octets.toString('base64').replaceAll(/.{64}/g, '$&\r\n')}\r\n-----END PGP SIGNATURE-----`;
const multipart = (type: string, first: string, second: string) =>
  `${HEAD}Content-Type: ${type}\r\n\r\n--b\r\n${first}\r\n--b\r\n${second}\r\n--b--\r\n`;
const crlf = (octets: Buffer) => octets.toString('latin1').replaceAll(/\r?\n/g, '\r\n');
const SIGNATURE = 'Content-Type: application/pgp-signature\r\n\r\n';
const texts = ['test_messages/message.txt', 'test_stream_signatures/source.txt'].map(name =>
  crlf(readFileSync(join(folder, name))),
);

/** The mails that a sample can be a part of. */
function* poses(octets: Buffer): Generator<readonly [string, string]> {
  yield ['text', `${HEAD}\r\n${crlf(octets)}`];
  const base64 = octets.toString('base64').replaceAll(/.{76}/g, '$&\r\n');
  yield ['encoded text', `${HEAD}Content-Transfer-Encoding: base64\r\n\r\n${base64}`];
  for (const text of texts) {
    yield ['signature', multipart(SIGNED, text, SIGNATURE + armored(octets))];
    yield ['armored signature', multipart(SIGNED, text, SIGNATURE + crlf(octets))];
  }
  yield ['signed part', multipart(SIGNED, crlf(octets), SIGNATURE + armored(octets))];
  const encrypted = 'multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b';
  yield ['encrypted', multipart(encrypted, 'Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1', crlf(octets))];
}

const judged: (readonly [string, string, string])[] = [];
for (const sample of samples) {
  for (const [pose, mail] of poses(readFileSync(sample))) {
    const content = contentOf(Buffer.from(mail, 'latin1'));
    const { verdict } = await examine(content, { keys, now, maxSize: 50 * 1024 * 1024, open: null });
    judged.push([sample.slice(folder.length + 1), pose, verdict]);
  }
}
process.stdout.write(JSON.stringify(judged));
