/** The part of a notification that people read: what happened, to whom, why, and what they can do. */
import { formatDate } from '../mail/date.ts';
import type { Disclosure } from './disclosure.ts';
import type { ReportFrame } from './report-fields.ts';
import type { NotificationKind } from './settlement.ts';

const WIDTH = 72;
/** Far below the limit of RFC 5322 section 2.1.1 in octets, whatever the script. */
const LONGEST_WORD = 200;

/** What a report is about: what its sender is told, or what nobody could be told but who looks after the machine. */
export type ReportKind = NotificationKind | 'double-bounce';

/** The subject of the notification. */
export function subjectOf(kind: ReportKind, about: readonly Disclosure[]): string {
  switch (kind) {
    case 'failure':
      return 'Your mail could not be delivered';
    case 'delay':
      return 'Your mail is not delivered yet';
    case 'success':
      return haveArrived(about) ? 'Your mail has arrived' : 'Your mail has been passed on';
    case 'double-bounce':
      return 'A mail without a sender could not be delivered';
    default:
      return kind satisfies never;
  }
}

/** How much of the mail goes along with the report. */
export type Attached = 'mail' | 'header' | 'nothing';

/** The text, lines ended by CRLF. */
export function reportText(
  kind: ReportKind,
  frame: ReportFrame,
  about: readonly Disclosure[],
  attached: Attached,
): string {
  const paragraphs = [
    paragraph(`This is the mail system of ${frame.hostname}.`),
    paragraph(opening(kind, frame, about)),
    ...about.map(one => [...recipientLines(one), ...adviceFor(kind, one)].join('\r\n')),
    paragraph(
      kind === 'double-bounce' ? ATTACHED_TO_OTHERS[attached] + lookUp(frame) : ATTACHED[attached] + closing(frame),
    ),
  ];
  return `${paragraphs.join('\r\n\r\n')}\r\n`;
}

const ATTACHED: Readonly<Record<Attached, string>> = {
  mail: 'Your mail is attached. ',
  header: 'The header of your mail is attached. ',
  nothing: '',
};

const ATTACHED_TO_OTHERS: Readonly<Record<Attached, string>> = {
  mail: 'The mail is attached. ',
  header: 'Its header is attached. ',
  nothing: '',
};

function haveArrived(about: readonly Disclosure[]): boolean {
  return about.every(one => one.action === 'delivered');
}

function opening(kind: ReportKind, { receivedAt }: ReportFrame, about: readonly Disclosure[]): string {
  const mail = `Your mail of ${formatDate(receivedAt)}`;
  const recipients = about.length === 1 ? 'the recipient below' : 'the recipients below';
  switch (kind) {
    case 'failure':
      return `${mail} could not be delivered to ${recipients}. It will not be tried again.`;
    case 'delay':
      return (
        `${mail} has not been delivered to ${recipients} yet. You need not do anything: it will be tried ` +
        `again until ${formatDate(lastAttempt(about))}, and you will hear of it should that fail.`
      );
    case 'success':
      return haveArrived(about)
        ? `${mail} has been delivered to ${recipients}. You asked to be told.`
        : `${mail} has been taken care of as is said below. You asked to be told.`;
    case 'double-bounce':
      return (
        `A mail of ${formatDate(receivedAt)} could not be delivered to ${recipients}. It came from <>, as notifications ` +
        'do, so nobody else is told, and it will not be tried again.'
      );
    default:
      return kind satisfies never;
  }
}

/** The one that is given up last: the fields for programs say it of each. */
function lastAttempt(about: readonly Disclosure[]): Date {
  return new Date(Math.max(...about.map(({ retryUntil }) => retryUntil?.getTime() ?? 0)));
}

function recipientLines(disclosure: Disclosure): readonly string[] {
  const { address, action, remote, reason } = disclosure;
  const lines = wrap(address, '');
  if (action === 'delivered') return [...lines, ...wrap('It lies in the mailbox.', '    ')];
  if (action === 'expanded') {
    const text = 'It was passed on to those whom this address stands for. You will hear of it should that fail.';
    return [...lines, ...wrap(text, '    ')];
  }
  if (action === 'relayed') {
    const next = remote === null ? 'another mail system' : `the mail system ${remote}`;
    return [...lines, ...wrap(`It was passed on to ${next}, which may not report what becomes of it.`, '    ')];
  }
  if (reason !== null) {
    const who = reason.said === 'remote' ? `${remote ?? 'The next mail system'} answered:` : 'The reason:';
    lines.push(...wrap(who, '    '), ...wrap(readable(reason.words), '        '));
  }
  return lines;
}

function adviceFor(kind: ReportKind, { action, status }: Disclosure): readonly string[] {
  return kind !== 'double-bounce' && action === 'failed' ? wrap(adviceOn(status), '    ') : [];
}

/** A reply of several lines repeats its code on each: people need it once. */
function readable(words: string): string {
  const [, code, status = ''] = /^(\d{3})[ -](\d\.\d{1,3}\.\d{1,3} )?/.exec(words) ?? [];
  if (code === undefined) return words;
  const rest = words.slice(code.length + 1 + status.length);
  return `${code} ${status}${rest.replaceAll(` ${code}-${status}`, ' ').replaceAll(` ${code} ${status}`, ' ')}`;
}

/** What the sender can do, by the subject and detail of the status (RFC 3463 section 3). The first that fits counts. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^5\.1\.[78]$/, 'Your own address was refused: show this report to those who look after your mail.'],
  [/^5\.1\./, 'Please check the address for mistakes, and send the mail again if you find one.'],
  [/^5\.2\.2$/, 'The mailbox is full: please reach the person in another way, or send the mail again later.'],
  [/^5\.(2\.3|3\.4)$/, 'The mail is too large: please send less, or a link to what you attached.'],
  [/^5\.2\./, 'The mailbox takes no mail at present: please reach the person in another way.'],
  [
    /^5\.4\.7$/,
    'It was tried again and again in vain: please send the mail again later, or reach the person in another way.',
  ],
  [/^5\.4\.6$/, 'The mail went round in a circle: show this report to those who look after the mail of the recipient.'],
  [
    /^5\.6\.7$/,
    'An address has letters that the next mail system does not know: please use another address, if there is one.',
  ],
  [/^5\.6\./, 'The next mail system does not take mail of this form: please send it in a simpler one.'],
  [
    /^5\.7\.(10|30)$/,
    'You asked for TLS on the whole way, and a part of it has none: please send the mail without that demand, or reach ' +
      'the person in another way.',
  ],
  [
    /^5\.7\./,
    'The mail was refused by a rule: please reach the person in another way, and tell them what is said above.',
  ],
];

function adviceOn(status: string): string {
  const found = ADVICE.find(([pattern]) => pattern.test(status));
  return found?.[1] ?? 'If you do not know why, show this report to those who look after your mail.';
}

function closing({ hostname, queueId }: ReportFrame): string {
  return `A program wrote this report. To ask about it, write to postmaster@${hostname} and mention ${queueId}.`;
}

function lookUp({ queueId }: ReportFrame): string {
  return `A program wrote this report. What became of the mail is told by: mailframe queue trace ${queueId}`;
}

function paragraph(text: string): string {
  return wrap(text, '').join('\r\n');
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap(chunks)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, indent + line];
}

function chunks(word: string): readonly string[] {
  const characters = Array.from(word);
  if (characters.length <= LONGEST_WORD) return [word];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += LONGEST_WORD) {
    pieces.push(characters.slice(at, at + LONGEST_WORD).join(''));
  }
  return pieces;
}
