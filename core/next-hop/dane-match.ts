/**
 * Whether the certificates that a host has shown are those that its TLSA records name (RFC 7672 section 3, RFC 7671).
 *
 * Usage 3 looks at the certificate of the host alone: neither its name nor its dates matter. Usage 2 names an authority, and
 * everything from there on down is checked: signatures, that issuers may issue, dates, and the name. What an authority
 * says of names and depths below it (name constraints, path lengths) is not looked at.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { TlsaRecord } from '../mail/tls-demand.ts';
import { subjectPublicKeyOf } from './subject-public-key.ts';

/** The code of a certificate that is none that its TLSA records name. */
export const DANE_MISMATCH = 'TLSA_MISMATCH';

const DANE_TA = 2;
const DANE_EE = 3;
const WHOLE = 0;
const DIGESTS: Readonly<Record<number, string>> = { 1: 'sha256', 2: 'sha512' };
const LONGEST_CHAIN = 10;

/** The certificates that the other side has shown, its own first. */
export function chainOf(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < LONGEST_CHAIN) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

/** What the records are compared with. */
export interface DaneSubject {
  readonly chain: readonly X509Certificate[];
  /** For usage 2: the certificate must be for one of them. */
  readonly names: readonly string[];
  readonly now: Date;
}

/** Whether one record at least is met. */
export function meetsDane(records: readonly TlsaRecord[], subject: DaneSubject): boolean {
  const [own] = subject.chain;
  if (own === undefined) return false;
  return records.some(record => {
    if (record.usage === DANE_EE) return isNamed(own, record);
    return record.usage === DANE_TA && leadsTo(record, subject);
  });
}

function isNamed(certificate: X509Certificate, { selector, matchingType, data }: TlsaRecord): boolean {
  const what = selector === WHOLE ? certificate.raw : subjectPublicKeyOf(certificate.raw);
  if (what === null) return false;
  const algorithm = DIGESTS[matchingType];
  if (algorithm === undefined) return matchingType === 0 && what.toString('hex') === data;
  return createHash(algorithm).update(what).digest('hex') === data;
}

/** Whether the chain leads to the authority that the record names. */
function leadsTo(record: TlsaRecord, { chain, names, now }: DaneSubject): boolean {
  const [own] = chain;
  if (own === undefined || !names.some(name => own.checkHost(name) !== undefined)) return false;
  const published = authorityIn(record);
  for (const [index, certificate] of chain.entries()) {
    if (!isCurrent(certificate, now)) return false;
    const issuer = chain[index + 1];
    if (published !== null && isIssued(certificate, published) && isCurrent(published, now)) return true;
    if (issuer === undefined || !isIssued(certificate, issuer)) return false;
    if (isNamed(issuer, record)) return isCurrent(issuer, now);
  }
  return false;
}

/** A record may hold the whole certificate of the authority, which then need not be shown. */
function authorityIn({ selector, matchingType, data }: TlsaRecord): X509Certificate | null {
  if (selector !== WHOLE || matchingType !== 0) return null;
  try {
    return new X509Certificate(Buffer.from(data, 'hex'));
  } catch {
    return null;
  }
}

function isIssued(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function isCurrent({ validFromDate, validToDate }: X509Certificate, now: Date): boolean {
  return validFromDate <= now && now <= validToDate;
}
