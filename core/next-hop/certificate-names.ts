/** Whether a certificate is for one of several names (RFC 6125). */
import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** In place of Node's own check of one name. @returns why it is for none of them, or `undefined` */
export function checkNames(names: readonly string[], certificate: PeerCertificate): Error | undefined {
  let first: Error | undefined;
  for (const name of names) {
    const fault = name.startsWith('.') ? checkSubdomains(name, certificate) : checkServerIdentity(name, certificate);
    if (fault === undefined) return undefined;
    first ??= fault;
  }
  return first;
}

/** `.example.test` stands for every name below it, however the certificate writes that. */
function checkSubdomains(suffix: string, { subjectaltname = '' }: PeerCertificate): Error | undefined {
  const names = [...subjectaltname.matchAll(/(?:^|, )DNS:([^,"]+)/g)].map(([, name = '']) => name.toLowerCase());
  if (names.some(name => name.endsWith(suffix))) return undefined;
  const message = `the certificate is for ${names.join(', ') || 'nobody'}, and none of that ends in ${suffix}`;
  return Object.assign(new Error(message), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
}
