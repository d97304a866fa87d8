/** Authenticates the users of a file of password hashes (RFC 4954). `mailframe passwd` writes the file. */
import {
  authenticated,
  CLOCK,
  checkTable,
  definePlugin,
  FILES,
  FileTable,
  type FileTableSource,
  LOG,
  path,
  TableFaults,
  z,
} from '../../core/index.ts';
import { verifyPassword } from './password-hash.ts';
import { turnstile } from './turnstile.ts';
import { decoyOf, parseUsers, type Users } from './user-file.ts';

/** Node hashes in four threads that files and DNS need too. */
const AT_ONCE = 2;

function sourceOf(file: string): FileTableSource<Users> {
  return {
    paths: [file],
    parse([content]) {
      const { users, faults } = parseUsers(content?.toString() ?? '', file);
      if (faults.length > 0) throw new TableFaults(faults);
      return users;
    },
  };
}

export default definePlugin({
  name: 'users',
  summary: 'Authenticates users against a file of password hashes.',
  options: z.strictObject({
    file: path().meta({ description: 'The file that `mailframe passwd` writes.', examples: ['./users'] }),
  }),
  needs: { files: FILES, clock: CLOCK, log: LOG },

  check: ({ options, files }) => checkTable(sourceOf(options.file), files, ['file']),

  create({ options, ...services }) {
    const table = new FileTable(sourceOf(options.file), services);
    const inTurn = turnstile(AT_ONCE);
    return {
      start: () => table.load(),

      async auth({ credentials: { user, password } }, { log, signal }) {
        const users = await table.current();
        const name = user.normalize('NFC');
        const hash = users.get(name);
        const matches = await inTurn(() => verifyPassword(password, hash ?? decoyOf(users)), signal);
        if (hash !== undefined && matches) return authenticated(name);
        // A name that nobody has may be a password in the wrong field: it is not logged.
        log.info(
          'refused',
          hash === undefined ? { because: 'no such user' } : { because: 'wrong password', user: name },
        );
        return;
      },
    };
  },
});
