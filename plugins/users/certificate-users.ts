/** Which user a client's certificate is of: by its fingerprint, or by a name that its authority has put into it. */
import { type ClientCertificate, z } from '../../core/index.ts';
import { isUserName } from './user-file.ts';

const FORM = /^(?:sha256:(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}|(?:email|dns):\S+)$/i;

/** The option. */
export const certificateUsers = z
  .record(
    z.string().regex(FORM, 'a fingerprint or a name is expected: "sha256:…", "email:ann@example.test" or "dns:…"'),
    z.string().refine(isUserName, 'a user name is expected: no blank, no colon, no # at its start'),
  )
  .transform(written => new Map(Object.entries(written).map(([key, user]) => [canonical(key), user.normalize('NFC')])));

/** Users by what stands in their certificates. */
export type CertificateUsers = z.output<typeof certificateUsers>;

/** All users that a certificate is of, each once. */
export function usersOf(table: CertificateUsers, { fingerprint, names }: ClientCertificate): readonly string[] {
  const keys = [`sha256:${fingerprint}`, ...names].map(canonical);
  return [...new Set(keys.flatMap(key => table.get(key) ?? []))];
}

/** Domains and fingerprints are the same in any case; a local part is not. */
function canonical(written: string): string {
  const kind = written.slice(0, written.indexOf(':')).toLowerCase();
  const value = written.slice(kind.length + 1);
  if (kind === 'sha256') return `${kind}:${value.replaceAll(':', '').toLowerCase()}`;
  const at = kind === 'email' ? value.lastIndexOf('@') : -1;
  return `${kind}:${value.slice(0, at + 1)}${value.slice(at + 1).toLowerCase()}`;
}
