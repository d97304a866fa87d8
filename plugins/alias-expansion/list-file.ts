/**
 * Lists that `:include:` names: addresses, one a line or with commas between them; a line that begins with `#` is a comment.
 *
 * Guarantee (threat: command injection): a list leads to addresses alone. Whoever may write it may be somebody else than
 * who writes the aliases, so commands, files, other lists and directives in it are faults, and a list with a fault is
 * never in force.
 */
import { TableFaults } from '../../core/index.ts';
import type { Target } from './alias.ts';
import { formatFault } from './alias-file.ts';
import { InTurns } from './in-turns.ts';
import { physicalLines } from './logical-line.ts';
import { readTargets } from './target.ts';
import { Misread } from './words.ts';

/** One address of a list. */
export interface Member {
  readonly target: Extract<Target, { readonly kind: 'address' | 'mailbox' }>;
  /** Where it stands: `lists/all:12`. */
  readonly at: string;
}

const ADDRESSES_ALONE = 'a list may name addresses alone: move this to the alias file';
/** More is not shown of a list that is no list. */
const MOST_FAULTS = 20;

/**
 * Reads a list, in turns with other work.
 * @throws TableFaults
 */
export async function readList(text: string, file: string): Promise<readonly Member[]> {
  const members: Member[] = [];
  const faults: string[] = [];
  const turns = new InTurns();
  for (const { text: written, line } of physicalLines(text.replace(/^\ufeff/, ''))) {
    if (turns.isOver()) await turns.next();
    if (/^\s*(?:#|$)/.test(written)) continue;
    try {
      for (const target of readTargets(written, 0, () => ADDRESSES_ALONE)) {
        members.push({ target: addressIn(target), at: `${file}:${line}` });
      }
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      faults.push(formatFault({ file, line, column: error.offset + 1, message: error.message }));
      if (faults.length === MOST_FAULTS) break;
    }
  }
  if (faults.length > 0) throw new TableFaults(faults);
  return members;
}

function addressIn(target: Target): Member['target'] {
  if (target.kind === 'address' || target.kind === 'mailbox') return target;
  throw new Misread(0, ADDRESSES_ALONE);
}
