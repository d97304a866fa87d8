/**
 * Where a notification goes: its recipient may be an alias of ours, the owner of a list or a rewritten sender, and the
 * plugins that know them answer `rcpt`. Nobody is refused: without a claim it goes where it was addressed to.
 */
import type { Chain } from '../chain/chain.ts';
import { type Recipient, recipientKey, withoutOwner } from '../mail/envelope.ts';
import type { NewMail } from '../plugin/queue-store.ts';

/** The same notification, to those that its recipient stands for. Does not reject. */
export async function ledOn(notification: NewMail, chain: Chain): Promise<NewMail> {
  const { mail, trace } = notification;
  const { envelope, session, facts } = mail;
  const recipients = new Map<string, Recipient>();
  const steps = [...trace];
  for (const recipient of envelope.recipients) {
    const walked = await chain.rcpt(session, { ...envelope, recipients: [] }, recipient, facts);
    steps.push(...walked.steps);
    const led = walked.decision.kind === 'claimed' ? walked.decision.recipients : [recipient];
    // Its reverse-path stays null, whoever owns the list that it leads to.
    for (const one of led) recipients.set(recipientKey(one), withoutOwner(one));
  }
  return {
    ...notification,
    mail: { ...mail, envelope: { ...envelope, recipients: [...recipients.values()] } },
    trace: steps,
  };
}
