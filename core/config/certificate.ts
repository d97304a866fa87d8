/**
 * Looks at certificates and keys before a listener uses them, at the start and at each renewal: there, a mistake would be
 * a failed handshake.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext, rootCertificates } from 'node:tls';
import { certificatesIn, hostNames, isFor } from '../mail/certificate.ts';
import { describeError } from '../mail/failure.ts';
import type { KeyPairFiles, TlsSettings } from './configuration.ts';
import type { Path } from './place.ts';
import type { Given } from './tags.ts';

/** Those that Node trusts, as most clients do. PEM. */
export const KNOWN_AUTHORITIES: readonly string[] = rootCertificates;

/** What is wrong, and with which file. */
export interface CertificateFault {
  /** The way to the file's name in the settings: `['more', 0, 'key']`. */
  readonly at: Path;
  readonly file: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** What a file holds, or why that cannot be said. */
export type ReadText = (file: string) => Given<string>;

/** A certificate that is shown, or an authority that is trusted. */
export interface Dated {
  readonly file: string;
  readonly certificate: X509Certificate;
}

/** All that is wrong with the files of a listener's TLS. Without an error a listener can use them. */
export function certificateFaults(tls: TlsSettings, reading: ReadText, now: Date): readonly CertificateFault[] {
  const read = once(reading);
  const faults: CertificateFault[] = [];
  const above: Dated[] = [];
  for (const { pair, at } of pairsOf(tls)) {
    const { certificate, faults: own } = looked(pair, at, read, now);
    faults.push(...own);
    if (certificate === null) continue;
    const shown = { file: pair.cert, certificate };
    const twice = whyHidden(shown, above);
    if (twice !== null) faults.push({ at: [...at, 'cert'], file: pair.cert, severity: 'warning', message: twice });
    above.push(shown);
  }
  return tls.clients === null ? faults : [...faults, ...authorityFaults(tls.clients.authorities, read, now)];
}

/** The files of a listener's TLS, each once. */
export function certificateFiles(tls: TlsSettings): readonly string[] {
  const pairs = pairsOf(tls).flatMap(({ pair }) => [pair.cert, pair.key]);
  return [...new Set(tls.clients === null ? pairs : [...pairs, tls.clients.authorities])];
}

/** What expires: the certificates that are shown, and the authorities. The files must be without fault. */
export function datedCertificates(tls: TlsSettings, read: ReadText): readonly Dated[] {
  const all = (file: string) => certificatesIn(textOf(file, read)).map(certificate => ({ file, certificate }));
  const shown = pairsOf(tls).flatMap(({ pair }) => all(pair.cert).slice(0, 1));
  return tls.clients === null ? shown : [...shown, ...all(tls.clients.authorities)];
}

function pairsOf(tls: TlsSettings): readonly { readonly pair: KeyPairFiles; readonly at: Path }[] {
  return [{ pair: tls, at: [] }, ...tls.more.map((pair, index) => ({ pair, at: ['more', index] }))];
}

/** A certificate and its key. `null`: nothing more can be said about it. */
interface Looked {
  readonly certificate: X509Certificate | null;
  readonly faults: readonly CertificateFault[];
}

function looked({ cert, key }: KeyPairFiles, at: Path, read: ReadText, now: Date): Looked {
  const fault = (part: 'cert' | 'key', message: string, severity: 'error' | 'warning' = 'error'): CertificateFault => ({
    at: [...at, part],
    file: part === 'cert' ? cert : key,
    severity,
    message,
  });
  const certificate = parse(cert, read, 'certificate in PEM form', text => new X509Certificate(text));
  const privateKey = parse(key, read, 'private key in PEM form without a passphrase', text => createPrivateKey(text));
  const faults: CertificateFault[] = [];
  if (certificate.kind === 'faulty') faults.push(fault('cert', certificate.message));
  if (privateKey.kind === 'faulty') faults.push(fault('key', privateKey.message));
  if (certificate.kind === 'faulty') return { certificate: null, faults };
  const { value } = certificate;
  const outdated = whyOutdated(value, now);
  if (outdated !== null) faults.push(fault('cert', `this certificate ${outdated}: renew it`, 'warning'));
  if (privateKey.kind === 'faulty') return { certificate: value, faults };
  if (!value.checkPrivateKey(privateKey.value)) {
    faults.push(fault('key', `this key does not belong to the certificate ${cert}`));
  } else {
    const unusable = whyUnusable({ cert: textOf(cert, read), key: textOf(key, read) });
    if (unusable !== null) faults.push(fault('cert', unusable));
  }
  return { certificate: value, faults };
}

/** What only the attempt shows: a chain that is cut off, a key that is too short to be taken seriously. */
function whyUnusable(pair: KeyPairFiles): string | null {
  try {
    certificatesIn(pair.cert);
    createSecureContext({ ...pair, ca: [] });
    return null;
  } catch (error) {
    return `this certificate cannot be used (${describeError(error)})`;
  }
}

/** One certificate is shown for a name, and that is the first. */
function whyHidden({ certificate }: Dated, above: readonly Dated[]): string | null {
  for (const name of hostNames(certificate)) {
    const other = above.find(one => hostNames(one.certificate).includes(name) || isFor(one.certificate, name));
    if (other !== undefined) return `${name} is in ${other.file} too, which stands above and is the one that is shown`;
  }
  return null;
}

function authorityFaults(file: string, read: ReadText, now: Date): readonly CertificateFault[] {
  const fault = (severity: 'error' | 'warning', message: string): CertificateFault => ({
    at: ['clients', 'authorities'],
    file,
    severity,
    message,
  });
  const authorities = parse(file, read, 'certificates in PEM form', text => {
    const found = certificatesIn(text);
    if (found.length === 0) throw new Error('there is not one');
    return found;
  });
  if (authorities.kind === 'faulty') return [fault('error', authorities.message)];
  return authorities.value.flatMap(certificate => {
    const outdated = whyOutdated(certificate, now);
    return outdated === null ? [] : [fault('warning', `the certificate of ${nameOf(certificate)} ${outdated}`)];
  });
}

function whyOutdated({ validFromDate, validToDate }: X509Certificate, now: Date): string | null {
  if (now > validToDate) return `expired on ${day(validToDate)}`;
  return now < validFromDate ? `is not valid before ${day(validFromDate)}` : null;
}

type Parsed<T> = { readonly kind: 'parsed'; readonly value: T } | { readonly kind: 'faulty'; readonly message: string };

function parse<T>(file: string, read: ReadText, noun: string, of: (text: string) => T): Parsed<T> {
  const text = read(file);
  if (text.kind === 'refused') return { kind: 'faulty', message: text.message };
  try {
    return { kind: 'parsed', value: of(text.value) };
  } catch (error) {
    return { kind: 'faulty', message: `${file} holds no ${noun} (${describeError(error)})` };
  }
}

/** Each file is read once, so that all that is said is about the same octets. */
function once(read: ReadText): ReadText {
  const texts = new Map<string, Given<string>>();
  return file => {
    const text = texts.get(file) ?? read(file);
    texts.set(file, text);
    return text;
  };
}

function textOf(file: string, read: ReadText): string {
  const text = read(file);
  if (text.kind === 'refused') throw new Error(text.message);
  return text.value;
}

/** The subject in one line. */
function nameOf({ subject }: X509Certificate): string {
  return subject.replaceAll('\n', ', ');
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
