/**
 * Certificates that a listener can use, and that clients will not like: expiring, for another name, weak, or without what
 * leads to a root. What keeps a listener from using them, the configuration's own checks tell.
 */
import type { X509Certificate } from 'node:crypto';
import type { ReadText } from '../config/certificate.ts';
import type { TlsSettings } from '../config/configuration.ts';
import type { Path } from '../config/place.ts';
import { certificatesIn, hostNames, isFor } from '../mail/certificate.ts';
import type { Finding, Subject } from './finding.ts';

/** What the certificates are looked at with. */
export interface CertificateView {
  readonly read: ReadText;
  readonly now: Date;
  /** In days: what expires sooner is told of. */
  readonly expiresWithin: number;
  /** The authorities that most clients know, PEM. */
  readonly roots: readonly string[];
}

const DAY = 86_400_000;
/** NIST SP 800-57 part 1: less is worth less than 112 bits. */
const SHORTEST_RSA = 2048;
const SHORTEST_CURVE = 224;

export function certificateOutlook({ configuration }: Subject, view: CertificateView): readonly Finding[] {
  const { listeners, hostname } = configuration;
  const secured = listeners.flatMap(({ path, tls }) => (tls === null ? [] : [{ tls, at: [...path, 'tls'] }]));
  const findings = secured.flatMap(({ tls, at }) => [...ofPairs(tls, at, view), ...ofAuthorities(tls, at, view)]);
  const shown = secured.flatMap(({ tls }) =>
    pairsOf(tls, []).flatMap(({ cert }) => chainIn(cert, view.read).slice(0, 1)),
  );
  const [first] = secured;
  // Clients of one listener may know it under another name.
  if (first === undefined || shown.length === 0 || shown.some(one => isFor(one, hostname))) return findings;
  const names = [...new Set(shown.flatMap(hostNames))].join(', ') || 'nobody';
  const message = `no certificate is for ${hostname}, but for ${names}: who checks the name of this host refuses it`;
  return [...findings, warning([...first.at, 'cert'], message)];
}

function pairsOf(tls: TlsSettings, at: Path) {
  const more = tls.more.map(({ cert }, index) => ({ cert, at: [...at, 'more', index, 'cert'] }));
  return [{ cert: tls.cert, at: [...at, 'cert'] }, ...more];
}

function ofPairs(tls: TlsSettings, at: Path, view: CertificateView): readonly Finding[] {
  return pairsOf(tls, at).flatMap(pair => {
    const chain = chainIn(pair.cert, view.read);
    const messages = [expiring(chain, view), ...weak(chain), incomplete(chain, view)];
    return messages.flatMap(message => (message === null ? [] : [warning(pair.at, message)]));
  });
}

function warning(path: Path, message: string): Finding {
  return { code: 'MF_LISTENER_CERTIFICATE', severity: 'warning', path, message };
}

function chainIn(file: string, read: ReadText): readonly X509Certificate[] {
  const text = read(file);
  if (text.kind === 'refused') return [];
  try {
    return certificatesIn(text.value);
  } catch {
    return [];
  }
}

/** What has expired already is told of elsewhere, but for those that stand behind the first. */
function expiring(chain: readonly X509Certificate[], view: CertificateView): string | null {
  for (const [index, certificate] of chain.entries()) {
    const days = (certificate.validToDate.getTime() - view.now.getTime()) / DAY;
    const name =
      index === 0 ? 'this certificate' : `the certificate of ${subjectOf(certificate)}, which leads to a root,`;
    if (days < 0 && index > 0) return `${name} expired on ${day(certificate)}: get the new one`;
    if (days >= 0 && days < view.expiresWithin)
      return `${name} expires on ${day(certificate)}, ${inDays(days)}: renew it`;
  }
  return null;
}

function ofAuthorities({ clients }: TlsSettings, at: Path, view: CertificateView): readonly Finding[] {
  if (clients === null) return [];
  return chainIn(clients.authorities, view.read).flatMap(certificate => {
    const days = (certificate.validToDate.getTime() - view.now.getTime()) / DAY;
    if (days < 0 || days >= view.expiresWithin) return [];
    return [
      warning(
        [...at, 'clients', 'authorities'],
        `the certificate of ${subjectOf(certificate)} expires on ${day(certificate)}, ${inDays(days)}`,
      ),
    ];
  });
}

function weak(chain: readonly X509Certificate[]): readonly string[] {
  const [own] = chain;
  if (own === undefined) return [];
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = own.publicKey;
  const { modulusLength, namedCurve } = details;
  const bits = Number(/\d{3}/.exec(namedCurve ?? '')?.[0] ?? SHORTEST_CURVE);
  const words: string[] = [];
  if (modulusLength !== undefined && modulusLength < SHORTEST_RSA) {
    words.push(
      `its ${type === 'dsa' ? 'DSA' : 'RSA'} key has ${modulusLength} bits, and ${SHORTEST_RSA} are the least that others take`,
    );
  }
  if (type === 'ec' && bits < SHORTEST_CURVE) words.push(`its curve ${namedCurve} is too short`);
  const algorithm = own.signatureAlgorithm ?? '';
  if (!isSelfSigned(own) && /md5|sha1(?!\d)/i.test(algorithm))
    words.push(`it is signed with ${algorithm}, which nobody takes any more`);
  return words;
}

/** The order of RFC 8446 section 4.4.2: each certificate vouches for the one before it. */
function incomplete(chain: readonly X509Certificate[], view: CertificateView): string | null {
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1];
    if (isSelfSigned(certificate)) return null;
    if (next !== undefined && certificate.checkIssued(next)) continue;
    const missing = `${subjectOf(certificate)} was issued by ${lineOf(certificate.issuer)}`;
    if (next !== undefined) return `${missing}, whose certificate does not come next in the file: put them in order`;
    // Who issues by way of others says where their certificates are.
    const issuedByOthers = /CA Issuers/.test(certificate.infoAccess ?? '');
    return !issuedByOthers || isRoot(certificate.issuer, view)
      ? null
      : `${missing}, whose certificate is missing from the file: clients that do not have it cannot check`;
  }
  return null;
}

/** Whether an authority that most clients know has this name. */
function isRoot(name: string, { roots }: CertificateView): boolean {
  return roots.some(pem => certificatesIn(pem).some(({ subject }) => subject === name));
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer;
}

function subjectOf({ subject }: X509Certificate): string {
  return lineOf(subject);
}

function lineOf(name: string): string {
  return name.replaceAll('\n', ', ');
}

function day({ validToDate }: X509Certificate): string {
  return validToDate.toISOString().slice(0, 10);
}

function inDays(days: number): string {
  return days < 1 ? 'within a day' : `in ${Math.floor(days)} day${days < 2 ? '' : 's'}`;
}
