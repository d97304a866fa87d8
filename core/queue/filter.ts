/** Whether a mail in a listing is meant by a filter. Every store asks this; what a database can leave out before is its own matter. */

import type { Mailbox } from '../mail/address.ts';
import { matchesAddress } from '../mail/address-pattern.ts';
import type { Outcome } from '../mail/outcome.ts';
import { formatReply } from '../mail/reply.ts';
import type { QueueEntry, QueueFilter, RecipientEntry } from '../plugin/queue-control.ts';

/** All that is given must hold, and what is said of recipients of one and the same. */
export function isMeant(entry: QueueEntry, filter: QueueFilter): boolean {
  const { sender, receivedBefore, receivedAfter } = filter;
  const { envelope, receivedAt, recipients } = entry;
  if (receivedBefore !== undefined && receivedAt >= receivedBefore) return false;
  if (receivedAfter !== undefined && receivedAt <= receivedAfter) return false;
  if (envelope === null) return isMeantUnread(entry, filter);
  if (sender !== undefined && !matchesAddress(sender, envelope.reversePath)) return false;
  return recipients.some(one => isRecipientMeant(one, entry, filter));
}

/** Nothing is known of a mail that cannot be read but that it is damaged, and why. */
function isMeantUnread({ hold }: QueueEntry, filter: QueueFilter): boolean {
  const { sender, recipient, destination, states, reason } = filter;
  if (sender !== undefined || recipient !== undefined || destination !== undefined) return false;
  if (states !== undefined && !states.includes('damaged')) return false;
  return reason === undefined || contains(hold?.reason ?? '', reason);
}

function isRecipientMeant(one: RecipientEntry, { hold }: QueueEntry, filter: QueueFilter): boolean {
  const { recipient, destination, states, reason } = filter;
  const { forwardPath, original } = one.recipient;
  const addressed = (path: Mailbox) => recipient === undefined || matchesAddress(recipient, path);
  if (!addressed(forwardPath) && !addressed(original)) return false;
  if (destination !== undefined && !isUnder(one.destination, destination)) return false;
  if (states !== undefined && !states.includes(one.state)) return false;
  if (reason === undefined) return true;
  const said = one.lastOutcome === null ? [] : wordsOf(one.lastOutcome);
  return [hold?.reason ?? '', ...said].some(words => contains(words, reason));
}

/** A destination is under its own name, and a mailbox under its domain. */
export function isUnder(destination: string, name: string): boolean {
  return destination === name || destination.endsWith(`@${name}`);
}

/** What an outcome says in words. */
export function wordsOf(outcome: Outcome): readonly string[] {
  const remote = outcome.remote ?? '';
  if (outcome.kind === 'delivered') return [remote, outcome.text];
  return [remote, formatReply(outcome.reply), outcome.diagnostic ?? ''];
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase());
}
