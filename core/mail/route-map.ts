/**
 * Routes by address, as many as one likes: a look-up costs the same for ten entries and for a hundred thousand.
 *
 * The most specific entry wins, wherever it stands: the mailbox, the mailbox without its extension (`ann+lists` is `ann`), the
 * domain, the subdomains of the domain above it, of the one above that, and `*`. The null reverse-path has `<>`.
 */
import type { ReversePath } from './address.ts';
import { formatMailbox } from './path.ts';
import type { RouteChoice, RouteMap } from './route.ts';

const EXTENSION = '+';

/** An entry, and under which key it stands. */
export interface FoundChoice {
  readonly key: string;
  readonly choice: RouteChoice;
}

/** Finds the entry for an address. Keys are address patterns in their canonical form. */
export function findInMap({ entries }: RouteMap, path: ReversePath): FoundChoice | null {
  for (const key of keysFor(path)) {
    const choice = entries.get(key);
    if (choice !== undefined) return { key, choice };
  }
  return null;
}

function* keysFor(path: ReversePath): Generator<string> {
  if (path === null) yield '<>';
  else {
    yield formatMailbox(path);
    const end = path.localPart.indexOf(EXTENSION);
    if (end > 0) yield formatMailbox({ ...path, localPart: path.localPart.slice(0, end) });
    yield `@${path.domain}`;
    const labels = path.domain.split('.');
    for (let above = 1; above < labels.length; above += 1) yield `@.${labels.slice(above).join('.')}`;
  }
  yield '*';
}
