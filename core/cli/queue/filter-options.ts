/** The options that say which mail is meant, and what they mean. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseAddressPattern } from '../../mail/address-pattern.ts';
import type { AddressPattern } from '../../mail/condition.ts';
import { parseDomain } from '../../mail/domain.ts';
import { formatMailbox, parseMailbox } from '../../mail/path.ts';
import { parseDuration } from '../../mail/quantity.ts';
import { type QueueFilter, RECIPIENT_STATES, type RecipientState } from '../../plugin/queue-control.ts';

export interface FilterOptions {
  readonly from?: AddressPattern;
  readonly to?: AddressPattern;
  readonly destination?: string;
  readonly state?: readonly RecipientState[];
  /** In milliseconds. */
  readonly olderThan?: number;
  readonly newerThan?: number;
  readonly reason?: string;
}

/** Adds them to a verb. */
export function withFilters(command: Command): Command {
  return command
    .addOption(
      new Option('--from <sender>', 'ann@example.test, @example.test, @.example.test, or <>').argParser(address),
    )
    .addOption(new Option('--to <recipient>', 'the same, for a recipient').argParser(address))
    .addOption(
      new Option('--destination <name>', 'a domain, a next hop as host:port, or a mailbox').argParser(destinationOf),
    )
    .addOption(new Option('--state <states>', `of ${RECIPIENT_STATES.join(', ')}: one or more`).argParser(states))
    .addOption(new Option('--older-than <time>', 'that came before that: 2h, "3 days"').argParser(duration))
    .addOption(new Option('--newer-than <time>', 'that came since').argParser(duration))
    .option('--reason <text>', 'text in the reason of a hold, or in the last answer');
}

/** The filter that they make, or `null` where none is given. */
export function filterOf(options: FilterOptions, now: Date): QueueFilter | null {
  const { from, to, destination, state, olderThan, newerThan, reason } = options;
  const filter: QueueFilter = {
    ...(from !== undefined && { sender: from }),
    ...(to !== undefined && { recipient: to }),
    ...(destination !== undefined && { destination }),
    ...(state !== undefined && { states: state }),
    ...(olderThan !== undefined && { receivedBefore: new Date(now.getTime() - olderThan) }),
    ...(newerThan !== undefined && { receivedAfter: new Date(now.getTime() - newerThan) }),
    ...(reason !== undefined && { reason }),
  };
  return Object.keys(filter).length === 0 ? null : filter;
}

/** A destination as the queue writes it. */
export function destinationOf(text: string): string {
  const mailbox = text.includes('@') ? parseMailbox(text) : null;
  if (mailbox !== null) return formatMailbox(mailbox);
  return parseDomain(text) ?? text.toLowerCase();
}

function address(text: string): AddressPattern {
  const bare = /^<(.+)>$/.exec(text)?.[1] ?? text;
  const found = parseAddressPattern(bare) ?? parseAddressPattern(`@${bare}`);
  if (found === null) throw new InvalidArgumentError('Neither an address nor a domain.');
  return found;
}

function states(text: string): readonly RecipientState[] {
  return text.split(/[\s,]+/).map(name => {
    const found = RECIPIENT_STATES.find(state => state === name);
    if (found === undefined) throw new InvalidArgumentError(`There are ${RECIPIENT_STATES.join(', ')}.`);
    return found;
  });
}

function duration(text: string): number {
  const found = parseDuration(text);
  if (found === null) throw new InvalidArgumentError('Not a time such as 90s, 2h or "3 days".');
  return found;
}
