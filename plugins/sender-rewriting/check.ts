/** What can be said of the options before any mail comes. */
import { type OptionComplaint, type Tables } from '../../core/index.ts';
import { readEntry } from './canonical.ts';
import type { Options } from './options.ts';

/** Any mailbox: what an entry is read for. */
const SOMEBODY = { localPart: 'somebody', domain: 'example.test' };

export async function checkCanonical({ canonical }: Options, tables: Tables): Promise<readonly OptionComplaint[]> {
  if (canonical === undefined) return [];
  const complaints = [...(await tables.check(canonical, ['canonical']))];
  if (canonical.source.kind !== 'map') return complaints;
  for (const [key, [value = '', ...others]] of Object.entries(canonical.source.options)) {
    const path = ['canonical', 'map', key];
    if (others.length > 0) complaints.push({ path, message: 'one address stands for another one: name one' });
    else if (readEntry(value, SOMEBODY) === null) {
      complaints.push({ path, message: `${JSON.stringify(value)} is no address, such as ann@example.test` });
    }
  }
  return complaints;
}
