/**
 * Mail for lists leaves with the reverse-path of whoever looks after the list (RFC 5321 section 3.9.2): a group of recipients
 * as one envelope for each reverse-path.
 *
 * Guarantees: each recipient is in one of them, and none has an owner any more; what the sender asked about notifications
 * goes no further than the list (RFC 3461 section 5.2.7.1), so nobody but the owner hears who is on it.
 */
import type { ContentGroup } from '../chain/decision.ts';
import type { Mailbox } from '../mail/address.ts';
import { type Envelope, NO_DSN_REQUEST, type Recipient, withoutOwner } from '../mail/envelope.ts';
import { formatMailbox } from '../mail/path.ts';

/** Recipients that share the reverse-path. */
export interface Outgoing {
  readonly group: ContentGroup;
  readonly envelope: Envelope;
}

/** `envelope`: that of the transaction. */
export function byOwner(group: ContentGroup, envelope: Envelope): readonly Outgoing[] {
  const { recipients, fate } = group;
  if (recipients.every(({ owner }) => owner === undefined)) return [{ group, envelope: { ...envelope, recipients } }];
  // Nobody hears of a notification, and what is refused goes back to whoever sent it.
  if (envelope.reversePath === null || fate.kind === 'bounce') {
    return [{ group, envelope: { ...envelope, recipients: recipients.map(withoutOwner) } }];
  }
  const parts = new Map<string, { readonly owner: Mailbox | undefined; readonly of: Recipient[] }>();
  for (const recipient of recipients) {
    const { owner } = recipient;
    const key = owner === undefined ? '' : formatMailbox(owner);
    const part = parts.get(key) ?? { owner, of: [] };
    part.of.push(recipient);
    parts.set(key, part);
  }
  return [...parts.values()].map(({ owner, of }) => ({
    group: { ...group, recipients: of },
    envelope: owner === undefined ? { ...envelope, recipients: of } : ofList(envelope, owner, of),
  }));
}

function ofList({ parameters }: Envelope, owner: Mailbox, of: readonly Recipient[]): Envelope {
  return {
    reversePath: owner,
    recipients: of.map(one => ({ ...withoutOwner(one), original: one.forwardPath, dsn: NO_DSN_REQUEST })),
    parameters: { ...parameters, returnContent: null, envelopeId: null },
  };
}
