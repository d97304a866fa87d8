/** Takes out of a text what belongs to one message alone, so that what happened to many for one reason reads alike. */

import type { Mailbox } from '../mail/address.ts';
import { formatMailbox } from '../mail/path.ts';

const GAP = '…';

/** Without these mailboxes. */
export function masked(text: string, mailboxes: readonly Mailbox[]): string {
  return mailboxes.reduce((rest, mailbox) => rest.replaceAll(formatMailbox(mailbox), GAP), text);
}

/** Without what is quoted in it, and the numbers of parts and octets. */
export function maskedChange(text: string): string {
  return text.replaceAll(/"[^"]*"/g, `"${GAP}"`).replaceAll(/\d+/g, GAP);
}

/** A path without the names of the mailbox. */
export function maskedPath(path: string, { localPart, domain }: Mailbox): string {
  const names = new Set([localPart, localPart.toLowerCase(), domain]);
  return path
    .split('/')
    .map(name => (names.has(name) ? GAP : name))
    .join('/');
}
