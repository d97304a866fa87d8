/** Takes out of a text what belongs to one message alone, so that what happened to many for one reason reads alike. */

import type { Mailbox } from '../mail/address.ts';
import { formatMailbox } from '../mail/path.ts';

const GAP = '…';

/** Without these mailboxes. */
export function masked(text: string, mailboxes: readonly Mailbox[]): string {
  return mailboxes.reduce((rest, mailbox) => rest.replaceAll(formatMailbox(mailbox), GAP), text);
}

/** Without what is quoted in it, and the numbers of parts and octets; of a list of parts one is left. */
export function maskedChange(text: string): string {
  return text
    .replaceAll(/"[^"]*"/g, `"${GAP}"`)
    .replaceAll(/\d+(?:\.\d+)*/g, GAP)
    .replaceAll(/(\w+ …)(?:, \1)+/g, '$1');
}

/** A path without the names of the mailbox. */
export function maskedPath(path: string, { localPart, domain }: Mailbox): string {
  const names = new Set([localPart, localPart.toLowerCase(), domain]);
  return path
    .split('/')
    .map(name => (names.has(name) ? GAP : name))
    .join('/');
}
