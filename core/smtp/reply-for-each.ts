/**
 * LMTP answers each RCPT for itself (RFC 2033 section 4.2): what a decision about groups of recipients means for each
 * command.
 *
 * A RCPT stands for several recipients where an alias expands. They share its fate: who is refused with one of them is
 * not taken, or the client, who sends the mail again or bounces it, would be wrong about the others.
 */
import type { ContentGroup, Refused } from '../chain/decision.ts';
import { recipientKey } from '../mail/envelope.ts';
import { isPermanent, type Refusal } from '../mail/reply.ts';
import type { RcptCommand } from './transaction.ts';

/** What is to be done and said. */
export interface Split {
  /** Those that are taken, with the recipients that are taken. */
  readonly groups: readonly ContentGroup[];
  /** One for each command; `null`: it is taken. */
  readonly refusals: readonly (Refusal | null)[];
}

export function splitByCommand(commands: readonly RcptCommand[], groups: readonly ContentGroup[]): Split {
  const refusedKeys = new Map<string, Refusal>();
  for (const { fate, recipients } of groups) {
    if (fate.kind === 'refused')
      for (const recipient of recipients) refusedKeys.set(recipientKey(recipient), fate.reply);
  }
  const refusals = commands.map(({ keys }) => worst(keys.flatMap(key => refusedKeys.get(key) ?? [])));
  const taken = new Set(commands.flatMap(({ keys }, index) => (refusals[index] === null ? keys : [])));
  const kept = groups.flatMap(group => {
    const recipients = group.recipients.filter(recipient => taken.has(recipientKey(recipient)));
    return recipients.length === 0 ? [] : [{ ...group, recipients }];
  });
  return { groups: kept, refusals };
}

/** A deferral goes before a refusal for good: nobody's mail comes back while it may still be taken. */
function worst(refusals: readonly Refused['reply'][]): Refusal | null {
  return refusals.find(reply => !isPermanent(reply)) ?? refusals[0] ?? null;
}
