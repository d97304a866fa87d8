/** Authenticates the users of a file (RFC 4954), by password, by proof, or by certificate. `mailframe passwd` writes it. */
import {
  type Authenticated,
  authenticated,
  type CertificateCredentials,
  CLOCK,
  checkTable,
  definePlugin,
  FILES,
  FileTable,
  type FileTableSource,
  type HookContext,
  LOG,
  type PasswordCredentials,
  path,
  stored,
  TableFaults,
  z,
} from '../../core/index.ts';
import { type CertificateUsers, certificateUsers, usersOf } from './certificate-users.ts';
import { turnstile } from './turnstile.ts';
import { decoyOf, parseUsers, type Reading, type Users } from './user-file.ts';
import { verify } from './verifiers.ts';

/** Node hashes in four threads that files and DNS need too. */
const AT_ONCE = 2;

function sourceOf({ file, plainPasswords }: Reading): FileTableSource<Users> {
  return {
    paths: [file],
    parse([content]) {
      const { users, faults } = parseUsers(content?.toString() ?? '', { file, plainPasswords });
      if (faults.length > 0) throw new TableFaults(faults);
      return users;
    },
  };
}

/** PLAIN and LOGIN. */
async function byPassword(
  { user, password }: PasswordCredentials,
  users: Users,
  inTurn: ReturnType<typeof turnstile>,
  { log, signal }: HookContext,
): Promise<Authenticated | undefined> {
  const name = user.normalize('NFC');
  const verifiers = users.get(name);
  const matches = await inTurn(() => verify(password, verifiers ?? decoyOf(users)), signal);
  if (verifiers !== undefined && matches) return authenticated(name);
  // A name that nobody has may be a password in the wrong field: it is not logged.
  log.info(
    'refused',
    verifiers === undefined ? { because: 'no such user' } : { because: 'wrong password', user: name },
  );
  return undefined;
}

/** EXTERNAL. A client whose certificate is of several users has to say which one it is. */
function byCertificate(
  { user, certificate }: CertificateCredentials,
  table: CertificateUsers,
  { log }: HookContext,
): Authenticated | undefined {
  const users = usersOf(table, certificate);
  const [only] = users;
  if (user === null && users.length === 1 && only !== undefined) return authenticated(only);
  const name = user?.normalize('NFC');
  if (name !== undefined && users.includes(name)) return authenticated(name);
  const because = users.length === 0 ? 'a certificate of nobody' : `a certificate of ${users.join(', ')}`;
  log.info('refused', { because, fingerprint: certificate.fingerprint });
  return undefined;
}

export default definePlugin({
  name: 'users',
  summary: 'Authenticates users against a file of password hashes.',
  options: z.strictObject({
    file: path().meta({ description: 'The file that `mailframe passwd` writes.', examples: ['./users'] }),
    plainPasswords: z
      .enum(['allowed', 'refused'])
      .default('refused')
      .meta({ description: 'Whether passwords may stand in the file as they are, which CRAM-MD5 needs.' }),
    certificates: certificateUsers.prefault({}).meta({
      description:
        'For EXTERNAL: users by the fingerprint of their certificate (sha256:), or a name in it (email:, dns:).',
      examples: [{ 'email:ann@example.test': 'ann' }],
    }),
  }),
  needs: { files: FILES, clock: CLOCK, log: LOG },

  check: ({ options, files }) => checkTable(sourceOf(options), files, ['file']),

  create({ options, ...services }) {
    const table = new FileTable(sourceOf(options), services);
    const inTurn = turnstile(AT_ONCE);
    return {
      start: () => table.load(),

      async auth({ credentials }, context) {
        switch (credentials.mechanism) {
          case 'PLAIN':
          case 'LOGIN':
            return byPassword(credentials, await table.current(), inTurn, context);
          case 'EXTERNAL':
            return byCertificate(credentials, options.certificates, context);
          case 'XOAUTH2':
          case 'OAUTHBEARER':
            return;
        }
      },

      async secret({ mechanism, user }) {
        const name = user.normalize('NFC');
        const { scram = null, password = null } = (await table.current()).get(name) ?? {};
        if (mechanism === 'SCRAM-SHA-256') return scram === null ? undefined : stored(name, scram);
        return password === null ? undefined : stored(name, { mechanism, password });
      },
    };
  },
});
