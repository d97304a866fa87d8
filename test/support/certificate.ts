/** Certificates for tests: ECDSA P-256, made anew each time, so that no key is ever kept (RFC 5280). */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, both PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateWishes {
  /** `''`: a subject without one. Several: as many fields of that kind. */
  readonly commonName: string | readonly string[];
  /** Alternative names; none of any kind: no such extension. */
  readonly dns?: readonly string[];
  readonly emails?: readonly string[];
  /** Days from now: valid from then. Default: yesterday. */
  readonly from?: number;
  /** Days from now: valid until then. Default: in a month. */
  readonly until?: number;
  /** What it may be used for. Default: anything. */
  readonly use?: 'server' | 'client';
}

/** Somebody who signs certificates. */
export interface TestAuthority extends TestCertificate {
  issue(wishes: CertificateWishes): TestCertificate;
  /** An authority below this one. */
  delegate(commonName: string): TestAuthority;
  /** One who has a certificate of this authority, and signs others without being allowed to. */
  pretender(hostname: string): TestAuthority;
}

/** A name and the key that signs for it. */
interface Signer {
  readonly subject: Buffer;
  readonly key: KeyObject;
}

const DAY = 86_400_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

/** Makes a certificate that is valid for these host names, yesterday and for a month. It may sign itself: trust it as CA. */
export function selfSigned(...hostnames: readonly [string, ...string[]]): TestCertificate {
  return selfSignedAs({ commonName: hostnames[0], dns: hostnames });
}

/** Makes a certificate that nobody vouches for but itself. */
export function selfSignedAs(wishes: CertificateWishes): TestCertificate {
  return pem(made(wishes, null, true));
}

/** Makes an authority that its own certificate vouches for. */
export function authority(commonName: string, validity: Pick<CertificateWishes, 'from' | 'until'> = {}): TestAuthority {
  return authorityOf(made({ commonName, ...validity }, null, true));
}

function authorityOf(own: Made): TestAuthority {
  return {
    cert: own.cert,
    key: own.key,
    issue: wishes => pem(made(wishes, own.signer, false)),
    delegate: name => authorityOf(made({ commonName: name }, own.signer, true)),
    pretender: name => authorityOf(made({ commonName: name, dns: [name] }, own.signer, false)),
  };
}

function pem({ cert, key }: TestCertificate): TestCertificate {
  return { cert, key };
}

interface Made extends TestCertificate {
  readonly signer: Signer;
}

function made(wishes: CertificateWishes, issuer: Signer | null, mayIssue: boolean): Made {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const own: Signer = { subject: subjectOf(wishes), key: privateKey };
  const signer = issuer ?? own;
  const algorithm = sequence(oid(ECDSA_WITH_SHA256));
  const toBeSigned = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(15)])),
    algorithm,
    signer.subject,
    sequence(utcTime(inDays(wishes.from ?? -1)), utcTime(inDays(wishes.until ?? 30))),
    own.subject,
    publicKey.export({ format: 'der', type: 'spki' }),
    der(0xa3, sequence(...extensionsOf(wishes, mayIssue))),
  );
  const certificate = sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, signer.key)));
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines(certificate)}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    signer: own,
  };
}

function subjectOf({ commonName }: CertificateWishes): Buffer {
  const names = (typeof commonName === 'string' ? [commonName] : commonName).filter(name => name !== '');
  const fields = names.map(name => set(sequence(oid(COMMON_NAME), utf8(name))));
  return sequence(set(sequence(oid(ORGANIZATION), utf8('Tests'))), ...fields);
}

function extensionsOf({ dns = [], emails = [], use }: CertificateWishes, mayIssue: boolean): readonly Buffer[] {
  const names = [
    ...emails.map(one => der(0x81, Buffer.from(one, 'latin1'))),
    ...dns.map(one => der(0x82, Buffer.from(one, 'latin1'))),
  ];
  return [
    ...(names.length === 0 ? [] : [extension(SUBJECT_ALTERNATIVE_NAME, sequence(...names))]),
    ...(mayIssue ? [extension(BASIC_CONSTRAINTS, sequence(der(0x01, Buffer.of(0xff))))] : []),
    ...(use === undefined ? [] : [extension(EXTENDED_KEY_USAGE, sequence(oid(PURPOSES[use])))]),
  ];
}

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY);
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
