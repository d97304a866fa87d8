/**
 * Who a key says its owner is, and who a mail says its author is.
 *
 * What is not clearly one address is none: a user id such as `<ann@example.test> <eve@example.test>` speaks for nobody, and a
 * mail with two From fields, or two addresses in one, has no author.
 */
import type { Mailbox } from '../mail/address.ts';
import { parseMailbox } from '../mail/path.ts';
import { authors } from '../mime/addresses.ts';
import type { HeaderBlock } from '../mime/header.ts';

const IN_BRACKETS = /^[^<>]*<([^<>\s"]+)>\s*$/;

/** The mailbox in a user id (RFC 9580 section 5.11): `Ann <ann@example.test>`, or the address alone. `null`: there is none. */
export function mailboxOf(userId: string): Mailbox | null {
  return parseMailbox(IN_BRACKETS.exec(userId)?.[1] ?? userId);
}

/** The mailboxes in user ids, in their order. */
export function mailboxesOf(userIds: readonly string[]): readonly Mailbox[] {
  return userIds.map(mailboxOf).filter(mailbox => mailbox !== null);
}

/** The one author of a mail: the only address of its only From field. `null` where that is not so. */
export function authorOf(header: HeaderBlock): Mailbox | null {
  const [author, ...others] = authors(header);
  if (author === undefined || others.length > 0 || header.named('from').length !== 1) return null;
  return author.group === null ? author.mailbox : null;
}

/**
 * Whether two mailboxes belong to one person, for all that keys can tell: the case of ASCII letters in local parts is
 * ignored, as GnuPG and the directories of keys do.
 */
export function samePerson(one: Mailbox, other: Mailbox): boolean {
  return one.domain === other.domain && lowered(one.localPart) === lowered(other.localPart);
}

function lowered(text: string): string {
  return text.replaceAll(/[A-Z]/g, letter => letter.toLowerCase());
}
