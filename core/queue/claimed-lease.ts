/** The lease of mail that was claimed when it was committed: nobody has tried it before. */
import { heldAs } from '../mail/held-content.ts';
import type { Mail } from '../mail/mail.ts';
import type { Claim, Lease, NewMail } from '../plugin/queue-store.ts';
import { placesOf } from './places.ts';
import type { Spool } from './spool.ts';
import type { ContentRow } from './sqlite-protocol.ts';

/** The lease of all recipients. `mail`: with its content where the store keeps it. */
export function claimedLease(one: NewMail, { owner, until, fence }: Claim & Pick<Lease, 'fence'>, mail: Mail): Lease {
  const places = placesOf(one);
  const recipients = mail.envelope.recipients.map((recipient, index) => ({
    index,
    recipient,
    destination: places[index]?.destination ?? recipient.forwardPath.domain,
    attempts: 0,
    lastOutcome: null,
    delayNotified: false,
  }));
  return { owner, until, fence, mail, recipients, fate: { kind: 'deliver' } };
}

/** Content that came in a file is ours under another name; what came in memory is there already. */
export function keptIn(spool: Spool, mail: Mail, row: ContentRow | undefined): Mail {
  if (row === undefined || row.spool === null) return mail;
  return { ...mail, content: heldAs(mail.content, spool.content(row.spool, row)) };
}
