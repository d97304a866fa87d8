/** Mail in the forms of RFC 3156: signed (section 5) and encrypted (section 4). */
import { joined } from './payload.ts';

/** Between the parts. In hexadecimal digits of chance, which no body holds by accident. */
export type Boundary = string;

const TO_COME = (boundary: Boundary) => `--${boundary}\r\n`;
const END = (boundary: Boundary) => `\r\n--${boundary}--\r\n`;

/** @param armor the signature over the octets of the part */
export function signedMail(
  outside: Buffer,
  part: Buffer,
  { armor, micalg, boundary }: { readonly armor: string; readonly micalg: string; readonly boundary: Boundary },
): Buffer {
  const type = [
    'Content-Type: multipart/signed; protocol="application/pgp-signature";',
    ` micalg=${micalg}; boundary="${boundary}"`,
    '',
  ].join('\r\n');
  const signature = [
    '',
    `--${boundary}`,
    'Content-Type: application/pgp-signature; name="OpenPGP_signature.asc"',
    'Content-Description: OpenPGP digital signature',
    'Content-Disposition: attachment; filename="OpenPGP_signature.asc"',
    '',
    inLines(armor),
  ].join('\r\n');
  const body = [Buffer.from(TO_COME(boundary)), part, Buffer.from(signature), Buffer.from(END(boundary))];
  return joined(outside, [Buffer.from(type)], Buffer.concat(body));
}

/** @param armor the message */
export function encryptedMail(outside: Buffer, armor: string, boundary: Boundary): Buffer {
  const type = [
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";',
    ` boundary="${boundary}"`,
    '',
  ].join('\r\n');
  const body = [
    `--${boundary}`,
    'Content-Type: application/pgp-encrypted',
    'Content-Description: PGP/MIME version identification',
    '',
    'Version: 1',
    '',
    `--${boundary}`,
    'Content-Type: application/octet-stream; name="encrypted.asc"',
    'Content-Description: OpenPGP encrypted message',
    'Content-Disposition: inline; filename="encrypted.asc"',
    '',
    inLines(armor),
  ].join('\r\n');
  return joined(outside, [Buffer.from(type)], Buffer.from(body + END(boundary)));
}

/** Armor with CRLF line ends, without one at its end. */
function inLines(armor: string): string {
  return armor.trimEnd().replaceAll(/\r?\n/g, '\r\n');
}
