/**
 * Addresses in header fields, replaced where they stand: names, comments, groups and folding keep their octets.
 *
 * An address that is not written in one piece, with a comment or a fold in it, stays.
 */
import {
  type Edit,
  formatMailbox,
  type HeaderBlock,
  type HeaderField,
  type Mailbox,
  parseAddresses,
  sameMailbox,
} from '../../core/index.ts';

/** What becomes of an address. */
export type Rewriting = (mailbox: Mailbox) => Promise<Mailbox>;

/** The edits of all fields of these names. */
export async function editsOf(
  header: HeaderBlock,
  names: readonly string[],
  rewriting: Rewriting,
): Promise<readonly Edit[]> {
  const edits: Edit[] = [];
  for (const name of names) {
    for (const field of header.named(name)) {
      const replacement = await rewrittenField(field, rewriting);
      if (replacement !== null) edits.push({ start: field.start, end: field.end, replacement });
    }
  }
  return edits;
}

/** `null`: nothing changes. */
async function rewrittenField(field: HeaderField, rewriting: Rewriting): Promise<Buffer | null> {
  const raw = field.raw.toString('latin1');
  let text = raw;
  for (const { address, mailbox } of parseAddresses(field.value)) {
    if (mailbox === null) continue;
    const other = await rewriting(mailbox);
    if (sameMailbox(other, mailbox)) continue;
    const written = Buffer.from(formatMailbox(other)).toString('latin1');
    text = text.replaceAll(standing(Buffer.from(address).toString('latin1')), () => written);
  }
  return text === raw ? null : Buffer.from(text, 'latin1');
}

/** An address where it stands by itself, and is not the end or the beginning of another one. */
function standing(address: string): RegExp {
  const escaped = address.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
  return new RegExp(`(?<![\\w.!#$%&'*+/=?^\`{|}~@"-])${escaped}(?![\\w.@-])`, 'gi');
}
