/** The session, envelope and mail that the chain is asked about in the tests of this folder. */
import { contentOf } from '../../../core/mail/content.ts';
import { directRecipient, type Envelope, NO_PARAMETERS, type Recipient } from '../../../core/mail/envelope.ts';
import { NO_FACTS } from '../../../core/mail/facts.ts';
import type { Mail } from '../../../core/mail/mail.ts';
import { parseMailbox } from '../../../core/mail/path.ts';
import type { Session } from '../../../core/mail/session.ts';

export const session: Session = {
  id: 's1',
  listener: 'inbound',
  protocol: 'smtp',
  client: { address: '192.0.2.9', port: 40_000, name: null },
  greeting: { verb: 'EHLO', domain: 'client.test' },
  tls: null,
  user: null,
  forwarded: null,
};

export function mailbox(text: string) {
  const parsed = parseMailbox(text);
  if (parsed === null) throw new Error(`no mailbox: ${text}`);
  return parsed;
}

export function recipient(text: string): Recipient {
  return directRecipient(mailbox(text));
}

export function envelope(...to: readonly string[]): Envelope {
  return { reversePath: mailbox('ann@client.test'), recipients: to.map(recipient), parameters: NO_PARAMETERS };
}

export function mail(to: readonly string[], text = 'Subject: hello\r\n\r\nbody\r\n'): Mail {
  return {
    id: 'Q1',
    envelope: envelope(...to),
    content: contentOf(text),
    receivedAt: new Date('2026-11-23T12:00:00Z'),
    facts: NO_FACTS,
    session,
  };
}
