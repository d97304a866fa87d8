/**
 * Notifications (RFC 3461 to 3464): the mails that tell a sender what became of a mail.
 *
 * Guarantees: never to the null reverse-path; from the null reverse-path, and asking for no notification themselves, so
 * that there is no second one about the first; one mail for all recipients of a settlement that share a kind. Whoever looks
 * after the machine may be told of mail from the null reverse-path that comes to nothing (a double bounce), and of such a
 * report nobody ever.
 */
import type { Mailbox } from '../mail/address.ts';
import { directRecipient, type Envelope, type MailParameters, NO_PARAMETERS } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import { needsSmtpUtf8 } from '../mail/path.ts';
import type { Session } from '../mail/session.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Random } from '../plugin/ports.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import { discloseAll, type Reported } from './disclosure.ts';
import { receivedFrom } from './received-from.ts';
import { writeReport } from './report.ts';
import type { ReportFrame } from './report-fields.ts';
import type { ReportKind } from './report-text.ts';
import { returnedContent } from './returned-content.ts';
import type { NotificationKind, Settled } from './settlement.ts';

const BOUNDARY_OCTETS = 18;
const OURSELVES = 'mailframe';
const DOUBLE_BOUNCE = 'double-bounce';
const KINDS: readonly NotificationKind[] = ['failure', 'delay', 'success'];

/** What notifications are written with. */
export interface NotificationOffice {
  /** Ours: it stands in `From` and `Reporting-MTA`. */
  readonly hostname: string;
  readonly random: Random;
  readonly nextId: () => string;
  /** Larger mail is not returned whole, whatever its sender asks for. In octets. */
  readonly returnUpTo: number;
  /** Who hears of mail from the null reverse-path that comes to nothing. Missing, `null`: nobody. */
  readonly doubleBounce?: Mailbox | null;
}

/** The notifications that a settlement owes, ready to be committed with it: none, as a rule, and then at once. */
export function notificationsOwed(
  mail: Mail,
  settled: readonly Settled[],
  now: Date,
  office: NotificationOffice,
): Awaitable<readonly NewMail[]> {
  const { reversePath } = mail.envelope;
  if (reversePath === null) return doubleBounces(mail, settled, now, office);
  if (settled.every(({ owed, expanded }) => owed === null && !expanded)) return NONE;
  return written(mail, settled, { to: reversePath, now }, office);
}

const NONE: readonly NewMail[] = [];

async function written(
  mail: Mail,
  settled: readonly Settled[],
  { to, now }: Pick<Event, 'to' | 'now'>,
  office: NotificationOffice,
): Promise<readonly NewMail[]> {
  const all: NewMail[] = [];
  for (const kind of KINDS) {
    const about = settled.flatMap(one => reportedOf(one, kind));
    if (about.length > 0) all.push(await notification({ kind, mail, about, to, now }, office));
  }
  return all;
}

async function doubleBounces(
  mail: Mail,
  settled: readonly Settled[],
  now: Date,
  office: NotificationOffice,
): Promise<readonly NewMail[]> {
  const to = doubleBounceTo(mail, office);
  const about = settled
    .filter(({ outcome }) => outcome.kind === 'bounced')
    .map(({ queued: { recipient }, outcome, giveUpAt }) => ({ recipient, outcome, retryUntil: giveUpAt }));
  return to === null || about.length === 0
    ? []
    : [await notification({ kind: DOUBLE_BOUNCE, mail, about, to, now }, office)];
}

/** Who hears of it that a mail comes to nothing of which its sender cannot hear; `null`: nobody. */
export function doubleBounceTo(
  mail: Mail,
  { doubleBounce = null }: Pick<NotificationOffice, 'doubleBounce'>,
): Mailbox | null {
  if (mail.envelope.reversePath !== null) return null;
  return notifiesAbout(mail) !== null && mail.facts.notification === DOUBLE_BOUNCE ? null : doubleBounce;
}

/** An alias that was expanded is a success, and may be news beside whatever became of the one who answers for it. */
function reportedOf(settled: Settled, kind: NotificationKind): Reported[] {
  const { queued, outcome, owed, expanded, giveUpAt } = settled;
  const one = { recipient: queued.recipient, retryUntil: giveUpAt };
  return [
    ...(owed === kind ? [{ ...one, outcome }] : []),
    ...(expanded && kind === 'success' ? [{ ...one, outcome: 'expanded' } as const] : []),
  ];
}

/** The queue id of the mail that a notification of ours is about; `null` where the mail is none. */
export function notifiesAbout({
  envelope,
  session,
  facts,
}: Pick<Mail, 'envelope' | 'session' | 'facts'>): string | null {
  const isOurs = envelope.reversePath === null && session.listener === OURSELVES;
  return isOurs && typeof facts.about === 'string' ? facts.about : null;
}

interface Event {
  readonly kind: ReportKind;
  readonly mail: Mail;
  readonly about: readonly Reported[];
  readonly to: Mailbox;
  readonly now: Date;
}

async function notification({ kind, mail, about, to, now }: Event, office: NotificationOffice): Promise<NewMail> {
  const { hostname, random, nextId, returnUpTo } = office;
  const id = nextId();
  const frame: ReportFrame = {
    hostname,
    queueId: mail.id,
    receivedAt: mail.receivedAt,
    receivedFrom: receivedFrom(mail.session),
    envelopeId: mail.envelope.parameters.envelopeId,
    now,
  };
  const { content, body } = writeReport({
    kind,
    frame,
    about: discloseAll(about),
    returned: await returnedContent(mail, kind === DOUBLE_BOUNCE ? 'failure' : kind, returnUpTo),
    to,
    id,
    boundary: `=_${random.bytes(BOUNDARY_OCTETS).toString('hex')}`,
  });
  const smtpUtf8 = needsSmtpUtf8(to);
  const envelope: Envelope = {
    reversePath: null,
    recipients: [directRecipient(to, { notify: 'never', originalRecipient: null })],
    parameters: { ...NO_PARAMETERS, body: smtpUtf8 ? '8bitmime' : body, smtpUtf8, ...inherited(mail) },
  };
  return {
    mail: {
      id,
      envelope,
      content,
      receivedAt: now,
      facts: { notification: kind, about: mail.id },
      session: ownSession(id),
    },
    trace: [
      {
        at: now.getTime(),
        hook: 'queue',
        plugin: OURSELVES,
        mode: 'enforce',
        asked: `notification of ${kind} about ${mail.id}`,
        answer: 'accept',
        detail: null,
        took: 0,
        changes: [],
        facts: {},
      },
    ],
    fate: { kind: 'deliver' },
  };
}

/** What the sender asked of the way there holds on the way back (RFC 8689 section 5, RFC 6710). */
function inherited({ envelope: { parameters } }: Mail): Pick<MailParameters, 'requireTls' | 'priority'> {
  return { requireTls: parameters.requireTls, priority: parameters.priority };
}

/** The session of a mail that nobody brought: the gateway talking to itself. No listener bears its name. */
function ownSession(id: string): Session {
  return {
    id,
    listener: OURSELVES,
    protocol: 'smtp',
    client: { address: '127.0.0.1', port: 0, name: null },
    greeting: null,
    tls: null,
    user: null,
    forwarded: null,
  };
}
