/** Programs that will not run as root: started as the user that their package has made for them. */
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';

export interface OtherUser {
  /** The program and its arguments as they are to be started. */
  command(program: string, args: readonly string[]): readonly [program: string, args: readonly string[]];
  /** Gives a file or folder to that user. */
  give(path: string): void;
}

/** That user where the tests run as root, otherwise whoever runs them. */
export function otherUser(name: string): OtherUser {
  if (process.getuid?.() !== 0) return { command: (program, args) => [program, args], give: () => undefined };
  const idOf = (flag: string) => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  const [uid, gid] = [idOf('-u'), idOf('-g')];
  return {
    // In the place of the process that starts it, so that ending the one ends the other.
    command: (program, args) => [
      'setpriv',
      [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--', program, ...args],
    ],
    give: path => chownSync(path, uid, gid),
  };
}
