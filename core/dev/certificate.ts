/**
 * Certificates for the next hop that catches mail, by an authority that lives as long as the process (RFC 5280): with them
 * a relay that insists on verified TLS finds what it insists on. ECDSA P-256; no key is ever written down.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate and its key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** Somebody who signs certificates. */
export interface Authority {
  /** Its own certificate as PEM, to be trusted. */
  readonly cert: string;
  /** A certificate for host names and IPv4 addresses. */
  issue(...names: readonly string[]): KeyPair;
}

interface Signer {
  readonly subject: Buffer;
  readonly key: KeyObject;
}

const DAY = 86_400_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';

/** Makes an authority. */
export function authority(commonName: string, now: Date): Authority {
  // Whoever looks an issuer up goes by its name: two authorities must not share one.
  const own = made({ commonName: `${commonName} ${randomBytes(6).toString('hex')}`, names: [], issuer: null, now });
  const issued = new Map<string, KeyPair>();
  return {
    cert: own.cert,
    issue(...names) {
      const key = names.join(' ');
      const { cert, key: secret } =
        issued.get(key) ?? made({ commonName: names[0] ?? '', names, issuer: own.signer, now });
      const pair = { cert, key: secret };
      issued.set(key, pair);
      return pair;
    },
  };
}

interface Wishes {
  readonly commonName: string;
  readonly names: readonly string[];
  /** `null`: it signs itself, and may sign others. */
  readonly issuer: Signer | null;
  readonly now: Date;
}

function made({ commonName, names, issuer, now }: Wishes): KeyPair & { readonly signer: Signer } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // RFC 5280 allows 64 characters.
  const own: Signer = {
    subject: sequence(set(sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(commonName.slice(0, 64)))))),
    key: privateKey,
  };
  const signer = issuer ?? own;
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const alternatives = names.map(name =>
    isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name, 'latin1')),
  );
  const extensions = [
    ...(names.length === 0 ? [] : [extension(SUBJECT_ALTERNATIVE_NAME, sequence(...alternatives))]),
    ...(issuer === null ? [extension(BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.of(0xff))))] : []),
  ];
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    signer.subject,
    sequence(utcTime(now.getTime() - DAY), utcTime(now.getTime() + 30 * DAY)),
    own.subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensions)),
  );
  const certificate = sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, signer.key)));
  const lines = certificate.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    signer: own,
  };
}

/** Tag, length, value (X.690). */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const octets = length < 0x1_00 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets]), value]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]) => der(0x31, Buffer.concat(parts));
const integer = (octets: Buffer) => der(0x02, octets);
const bitString = (octets: Buffer) => der(0x03, Buffer.concat([Buffer.of(0), octets]));
const extension = (id: string, value: Buffer) => sequence(oid(id), der(0x04, value));

/** `YYMMDDhhmmssZ` */
function utcTime(time: number): Buffer {
  return der(0x17, Buffer.from(`${new Date(time).toISOString().replaceAll(/[-:T]/g, '').slice(2, 14)}Z`));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): readonly number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [...base128(value >> 7).map(octet => octet | 0x80), low];
}
