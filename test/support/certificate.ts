/** Certificates for tests: self-signed, ECDSA P-256, made anew each time, so that no key is ever kept (RFC 5280). */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

const DAY = 86_400_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';

/** Makes a certificate that is valid for these host names, yesterday and for a month. It may sign itself: trust it as CA. */
export function selfSigned(...hostnames: readonly [string, ...string[]]): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Date.now();
  const name = sequence(set(sequence(oid(COMMON_NAME), utf8(hostnames[0]))));
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const extensions = sequence(
    extension(SUBJECT_ALTERNATIVE_NAME, sequence(...hostnames.map(one => der(0x82, Buffer.from(one, 'latin1'))))),
    extension(BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.of(0xff)))),
  );
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    name,
    sequence(utcTime(new Date(now - DAY)), utcTime(new Date(now + 30 * DAY))),
    name,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, extensions),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, algorithm, bitString(signature));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines(certificate)}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  };
}

function lines(octets: Buffer): string {
  return octets.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
}

/** Tag, length, value (X.690). */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const octets = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
  return Buffer.concat([Buffer.from(header), value]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]) => der(0x31, Buffer.concat(parts));
const integer = (octets: Buffer) => der(0x02, octets);
const utf8 = (text: string) => der(0x0c, Buffer.from(text));
const bitString = (octets: Buffer) => der(0x03, Buffer.concat([Buffer.of(0), octets]));
const extension = (id: string, value: Buffer) => sequence(oid(id), der(0x04, value));

/** `YYMMDDhhmmssZ` */
function utcTime(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): readonly number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [...base128(value >> 7).map(octet => octet | 0x80), low];
}
