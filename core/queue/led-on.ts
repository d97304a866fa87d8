/**
 * Where a notification goes: its recipient may be an alias of ours, the owner of a list or a rewritten sender, and the
 * plugins that know them answer `rcpt`. Nobody is refused: without a claim it goes where it was addressed to.
 */
import type { Chain } from '../chain/chain.ts';
import { recipientKey } from '../mail/envelope.ts';
import type { NewMail } from '../plugin/queue-store.ts';

/** The same notification, to those that its recipient stands for. Does not reject. */
export async function ledOn(notification: NewMail, chain: Chain): Promise<NewMail> {
  const { mail, trace } = notification;
  const { envelope, session, facts } = mail;
  const recipients = new Map(envelope.recipients.map(one => [recipientKey(one), one]));
  const steps = [...trace];
  for (const [key, recipient] of [...recipients]) {
    const walked = await chain.rcpt(session, { ...envelope, recipients: [] }, recipient, facts);
    steps.push(...walked.steps);
    if (walked.decision.kind === 'refused') continue;
    recipients.delete(key);
    // Its reverse-path stays null, whoever owns the list that it leads to.
    for (const { owner, ...one } of walked.decision.recipients) recipients.set(recipientKey(one), one);
  }
  return {
    ...notification,
    mail: { ...mail, envelope: { ...envelope, recipients: [...recipients.values()] } },
    trace: steps,
  };
}
