/** Delivery status notifications: when they are owed, to whom, in which form, and when they must not be. */
import { bouncedBy, deliveredTo, type Outcome } from '../mail/outcome.ts';
import type { Attempted } from '../testing/kept-deliveries.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { hold, must } from './must.ts';
import { type Probe, SENDER } from './probe.ts';

const group = 'notifications' as const;
const GONE = bouncedBy({ code: 550, status: '5.1.1', text: 'No such mailbox' });
const TAKEN = deliveredTo('the suite');
const SUBJECT = 'what must come back';

interface Sent {
  /** Reverse-path without brackets. */
  readonly from?: string;
  readonly mail?: string;
  readonly rcpt?: string;
  /** How often the recipient is named. */
  readonly outcome: Outcome;
}

export const NOTIFICATION_CASES: readonly ConformanceCase[] = [
  {
    group,
    name: 'failure-is-told',
    source: 'RFC 5321 section 6.1',
    sentence: 'Mail that cannot be delivered comes back to its sender once, from the null reverse-path.',
    async run(probe) {
      const told = await notificationsOf(probe, { outcome: GONE });
      hold(told.length === 1, `${told.length} notifications were sent`);
      hold(told[0]?.from === '<>', `it is from ${told[0]?.from}`);
    },
  },
  {
    group,
    name: 'form-of-notification',
    source: 'RFC 3464 section 2',
    sentence: 'A notification is a multipart/report with a delivery status: who, failed, and why.',
    async run(probe) {
      const [told] = await notificationsOf(probe, { outcome: GONE });
      const text = told?.content.toString('latin1') ?? '';
      const unfolded = text.replace(/\r\n[ \t]+/g, ' ');
      hold(
        /^Content-Type: multipart\/report\b[^\r\n]*report-type="?delivery-status"?/im.test(unfolded),
        'it is no multipart/report',
      );
      hold(/^Content-Type: message\/(?:global-)?delivery-status/im.test(unfolded), 'it has no delivery status');
      for (const field of [
        /^Reporting-MTA: dns; ?\S+/im,
        /^Final-Recipient: (?:rfc822|utf-8);/im,
        /^Action: failed\r$/im,
        /^Status: 5\.\d+\.\d+\r$/im,
      ]) {
        hold(field.test(unfolded), `a field is missing or malformed: ${field.source}`);
      }
      hold(text.includes(SUBJECT), 'nothing of the mail is returned');
      hold(/^From: /im.test(text) && /^To: /im.test(text) && /^Date: /im.test(text), 'From, To or Date is missing');
    },
  },
  {
    group,
    name: 'null-is-never-answered',
    source: 'RFC 5321 section 6.1',
    sentence: 'Mail from the null reverse-path that cannot be delivered is not told to anybody: no loops.',
    async run(probe) {
      const told = await notificationsOf(probe, { from: '', outcome: GONE });
      hold(told.length === 0, 'a notification was answered by a notification');
    },
  },
  {
    group,
    name: 'notify-never',
    source: 'RFC 3461 section 4.1',
    sentence: 'NOTIFY=NEVER is obeyed: no failure is told.',
    async run(probe) {
      await probe.offering('DSN');
      const told = await notificationsOf(probe, { rcpt: 'NOTIFY=NEVER', outcome: GONE });
      hold(told.length === 0, 'a notification was sent');
    },
  },
  {
    group,
    name: 'notify-success',
    source: 'RFC 3461 section 5.2.2',
    sentence: 'NOTIFY=SUCCESS is obeyed, and nothing is told of a success that nobody asked about.',
    async run(probe) {
      await probe.offering('DSN');
      const asked = await notificationsOf(probe, { rcpt: 'NOTIFY=SUCCESS', outcome: TAKEN });
      hold(asked.length === 1, `${asked.length} notifications were sent`);
      hold(
        /^Action: (?:delivered|relayed|expanded)\r$/im.test(asked[0]?.content.toString('latin1') ?? ''),
        'it tells of no success',
      );
      const unasked = await notificationsOf(probe, { outcome: TAKEN });
      hold(unasked.length === 0, 'a success was told to somebody who had not asked');
    },
  },
  {
    group,
    name: 'envelope-id',
    source: 'RFC 3461 section 4.4',
    sentence: 'ENVID and ORCPT come back as they were given.',
    async run(probe) {
      await probe.offering('DSN');
      const [told] = await notificationsOf(probe, {
        mail: 'ENVID=QQ+2B314159',
        rcpt: 'ORCPT=rfc822;old+2Bname@client.test',
        outcome: GONE,
      });
      const text = told?.content.toString('latin1') ?? '';
      hold(/^Original-Envelope-Id: QQ\+314159\r$/im.test(text), 'the envelope id is missing');
      hold(/^Original-Recipient: rfc822; ?old\+name@client\.test\r$/im.test(text), 'the original recipient is missing');
    },
  },
  {
    group,
    name: 'returned-header',
    source: 'RFC 3461 section 4.3',
    sentence: 'RET=HDRS is obeyed: the header comes back, and the text does not.',
    async run(probe) {
      await probe.offering('DSN');
      const [told] = await notificationsOf(probe, { mail: 'RET=HDRS', outcome: GONE });
      const text = told?.content.toString('latin1') ?? '';
      hold(text.includes(SUBJECT), 'the header is missing');
      hold(!text.includes('the text of the mail'), 'the text is returned');
    },
  },
];

/** Sends a mail with this outcome, and gives the notifications that its sender was sent. */
async function notificationsOf(
  probe: Probe,
  { from = SENDER, mail, rcpt, outcome }: Sent,
): Promise<readonly Attempted[]> {
  const { own, to } = probe;
  probe.takesMail();
  const isNotice = (one: Attempted) => one.to.includes(SENDER);
  own.answer(address => (address === SENDER ? TAKEN : outcome));
  const before = own.attempts.length;
  const { conversation } = await probe.ready();
  const blank = (text: string | undefined) => (text === undefined ? '' : ` ${text}`);
  must(await conversation.say(`MAIL FROM:<${from}>${blank(mail)}`), 250);
  must(await conversation.say(`RCPT TO:<${to}>${blank(rcpt)}`), 25);
  must(await conversation.say('DATA'), 354);
  conversation.send(
    `From: ${SENDER}\r\nTo: ${to}\r\nSubject: ${SUBJECT}\r\nMessage-ID: <1@client.test>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\nthe text of the mail\r\n.\r\n`,
  );
  must(await conversation.reply(), 250);
  await own.settled();
  own.answer(() => TAKEN);
  const later = own.attempts.slice(before);
  if (from === '')
    return later.filter(
      ({ from: reverse, to: all }) => reverse === '<>' && all.some(one => one.endsWith('client.test')),
    );
  return later.filter(isNotice);
}
