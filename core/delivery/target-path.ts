/**
 * Where mail goes that an alias leads to a file (`/var/mail/lists/all`): below the directory of a transport, and nowhere else.
 *
 * Guarantee (threat: directory traversal): the path goes down alone, and names no hidden file and no lock.
 */
import type { Target } from '../mail/envelope.ts';

/** The path below the directory, which is absolute; `null` where the file is not there or may not be named. */
export function targetPath({ argument }: Target, directory: string): string | null {
  const start = `${directory.replace(/\/+$/, '')}/`;
  const path = argument.replaceAll(/\/+/g, '/').replace(/\/$/, '');
  if (!path.startsWith(start)) return null;
  const names = path.slice(start.length).split('/');
  const isPlain = names.every(
    name => /^[^.\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*$/.test(name) && !name.includes('.lock'),
  );
  return isPlain ? names.join('/') : null;
}
