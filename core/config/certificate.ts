/** Looks at a certificate and its key before a listener does: there, a mistake would be a failed handshake. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describeError } from '../mail/failure.ts';
import { readText } from './tags.ts';

/** What is wrong, and with which of the two files. */
export interface CertificateFault {
  readonly file: 'cert' | 'key';
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** All that is wrong with a certificate and its key, both PEM files. */
export function certificateFaults(cert: string, key: string, now: Date): readonly CertificateFault[] {
  const certificate = parse('cert', cert, 'certificate', text => new X509Certificate(text));
  const privateKey = parse('key', key, 'private key', text => createPrivateKey(text));
  const faults = [certificate, privateKey].flatMap(one => (one.kind === 'faulty' ? [one.fault] : []));
  if (certificate.kind === 'faulty') return faults;
  const { value } = certificate;
  const { validFromDate, validToDate } = value;
  if (now > validToDate) faults.push(warning(`this certificate expired on ${day(validToDate)}: renew it`));
  if (now < validFromDate) faults.push(warning(`this certificate is not valid before ${day(validFromDate)}`));
  if (privateKey.kind === 'parsed' && !value.checkPrivateKey(privateKey.value)) {
    faults.push({ file: 'key', severity: 'error', message: `this key does not belong to the certificate ${cert}` });
  }
  return faults;
}

type Parsed<T> =
  | { readonly kind: 'parsed'; readonly value: T }
  | { readonly kind: 'faulty'; readonly fault: CertificateFault };

function parse<T>(file: 'cert' | 'key', path: string, noun: string, read: (text: string) => T): Parsed<T> {
  const text = readText(path);
  if (text.kind === 'refused') return { kind: 'faulty', fault: { file, severity: 'error', message: text.message } };
  try {
    return { kind: 'parsed', value: read(text.value) };
  } catch (error) {
    const message = `${path} holds no ${noun} in PEM form that can be used without a passphrase (${describeError(error)})`;
    return { kind: 'faulty', fault: { file, severity: 'error', message } };
  }
}

function warning(message: string): CertificateFault {
  return { file: 'cert', severity: 'warning', message };
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}
