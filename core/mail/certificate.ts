/** What certificates say: the names that they bear, and whose they are (RFC 5280, RFC 6125). */
import { X509Certificate } from 'node:crypto';
import type { ClientCertificate } from './session.ts';

const BEGIN = /^-----BEGIN (?:X509 )?CERTIFICATE-----/gm;
const BLOCK = /^-----BEGIN ((?:X509 )?CERTIFICATE)-----\r?$[\s\S]*?^-----END \1-----/gm;
/** Node puts what might be mistaken for several names into JSON's quotes. */
const ALTERNATIVE_NAME = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)/g;
/** What a client may ask for by SNI (RFC 6066 section 3): everything else is somebody playing. */
const HOST = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i;

/**
 * All certificates in a PEM text, in their order; keys and comments between them are passed over.
 * @throws Error where one of them is cut off or none.
 */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(BLOCK) ?? [];
  const begun = pem.match(BEGIN)?.length ?? 0;
  if (blocks.length < begun) throw new Error('one of its certificates has no end');
  return blocks.map(block => new X509Certificate(block));
}

/** The host names that it bears, in lower case, wildcards among them: its alternative names, or else its common name. */
export function hostNames(certificate: X509Certificate): readonly string[] {
  const names = alternativeNames(certificate).flatMap(({ type, value }) => (type === 'DNS' ? [value] : []));
  return (names.length > 0 ? names : [commonName(certificate)]).filter(name => name !== '').map(lowerCase);
}

/** Whether it is for a host. A wildcard stands for exactly one whole label (RFC 6125 section 6.4.3). */
export function isFor(certificate: X509Certificate, host: string): boolean {
  if (!HOST.test(host)) return false;
  const matched = certificate.checkHost(host.replace(/\.$/, ''), {
    subject: 'default',
    wildcards: true,
    partialWildcards: false,
    multiLabelWildcards: false,
  });
  return matched !== undefined;
}

/** What plugins see of a client's certificate. Whether anybody vouches for it is not asked here. */
export function clientCertificate(certificate: X509Certificate): ClientCertificate {
  const names = alternativeNames(certificate).flatMap(({ type, value }) => {
    if (type === 'DNS') return [`dns:${value.toLowerCase()}`];
    return type === 'email' ? [`email:${value}`] : [];
  });
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  return { commonName: commonName(certificate), names, fingerprint };
}

/** Two common names are none: whoever trusts one of them must not get the other. */
function commonName(certificate: X509Certificate): string {
  const { subject } = certificate.toLegacyObject() as { readonly subject?: { readonly CN?: unknown } };
  return typeof subject?.CN === 'string' ? subject.CN : '';
}

function alternativeNames({ subjectAltName = '' }: X509Certificate) {
  return [...subjectAltName.matchAll(ALTERNATIVE_NAME)].map(([, type = '', text = '']) => ({
    type,
    value: text.startsWith('"') ? String(JSON.parse(text)) : text,
  }));
}

function lowerCase(name: string): string {
  return name.toLowerCase();
}
