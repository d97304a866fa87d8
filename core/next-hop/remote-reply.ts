/**
 * Replies of a next hop, and what they mean for a recipient (RFC 5321 section 4.2, RFC 3463).
 *
 * What a stranger sends ends in logs and notifications: control characters are taken out and the length is bounded.
 */
import type {
  EnhancedStatus,
  PermanentCode,
  PermanentReply,
  Refusal,
  TransientCode,
  TransientReply,
} from '../mail/reply.ts';

/** A reply, all its lines together. */
export interface RemoteReply {
  readonly kind: 'reply';
  /** Three digits; 0 where the next hop did not speak SMTP. */
  readonly code: number;
  /** The enhanced status code of the last line, or `null`. */
  readonly status: string | null;
  /** Without codes, the lines joined by blanks. */
  readonly text: string;
  /** As it came, the lines joined by blanks. */
  readonly words: string;
}

/** In characters. A reply line has 512 octets at most (RFC 5321 section 4.5.3.1.5). */
const LONGEST = 2000;
const LINE = /^(\d{3})(?:[ -]|$)(?:([245]\.\d{1,3}\.\d{1,3})(?:\s+|$))?(.*)$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

const PERMANENT: readonly PermanentCode[] = [
  500, 501, 502, 503, 504, 521, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556,
];
const TRANSIENT: readonly TransientCode[] = [421, 450, 451, 452, 454, 455];

/** Reads a reply of one or several lines. Never fails: what is no reply has the code 0. */
export function parseReply(raw: string): RemoteReply {
  if (!raw.includes('\n')) return parseLine(raw);
  const lines = raw.split(/\r?\n/).map(parseLine);
  const { code, status } = lines.at(-1) ?? parseLine('');
  const all = (what: 'text' | 'words') => shortened(lines.map(line => line[what]).join(' '));
  return { kind: 'reply', code, status, text: all('text'), words: all('words') };
}

function parseLine(raw: string): RemoteReply {
  const words = printable(raw);
  const [, code = 0, status = null, text = words] = LINE.exec(words) ?? [];
  return { kind: 'reply', code: Number(code), status, text, words };
}

/** Whether what was asked is done: 2yz (RFC 5321 section 4.2.1). Only that hands responsibility over. */
export function isDone(reply: RemoteReply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

/** Whether the next hop waits for more: 3yz. The one reply to DATA after which content may be sent. */
export function waitsForMore(reply: RemoteReply): boolean {
  return reply.code >= 300 && reply.code < 400;
}

/**
 * A negative reply as one of ours: its code where we know it, its enhanced status where the class agrees. What is neither
 * 4yz nor 5yz breaks the protocol: to be tried again, for the next hop may be mended.
 */
export function refusalOf(reply: RemoteReply): Refusal {
  const text = reply.text === '' ? 'Refused without a reason' : reply.text;
  if (reply.code >= 500 && reply.code < 600) return permanent(reply, text);
  if (reply.code >= 400 && reply.code < 500) return transient(reply, text);
  return { code: 451, status: '4.5.0', text: `The next hop did not speak SMTP: ${reply.words}` };
}

/** Whether RCPT was refused for want of room for more recipients, by 452 or as of old by 552 (RFC 5321 section 4.5.3.1.10). */
export function isTooMany({ code, status }: RemoteReply): boolean {
  return (code === 452 || code === 552) && (status === null || status.endsWith('.5.3'));
}

/** A refusal of RCPT. Want of room for more recipients is transient, whatever the code says. */
export function recipientRefusalOf(reply: RemoteReply): Refusal {
  return isTooMany(reply) ? { code: 452, status: '4.5.3', text: reply.text } : refusalOf(reply);
}

/**
 * A refusal of BDAT. Who does not know it, though he offers CHUNKING, is broken, and no reason to return everybody's mail.
 */
export function chunkRefusalOf(reply: RemoteReply): Refusal {
  if (reply.code !== 500 && reply.code !== 502) return refusalOf(reply);
  return { code: 451, status: '4.5.0', text: `The next hop offers CHUNKING and does not know BDAT: ${reply.text}` };
}

function permanent(reply: RemoteReply, text: string): PermanentReply {
  return { code: PERMANENT.find(code => code === reply.code) ?? 554, status: statusOf(5, reply), text };
}

function transient(reply: RemoteReply, text: string): TransientReply {
  return { code: TRANSIENT.find(code => code === reply.code) ?? 451, status: statusOf(4, reply), text };
}

function statusOf<Class extends 4 | 5>(wanted: Class, { status }: RemoteReply): EnhancedStatus<Class> {
  const [, given, subject, detail] = /^(\d)\.(\d+)\.(\d+)$/.exec(status ?? '') ?? [];
  if (Number(given) !== wanted) return `${wanted}.0.0`;
  return `${wanted}.${Number(subject)}.${Number(detail)}`;
}

/** Text from outside as one line that can be logged. */
export function printable(text: string): string {
  return shortened(text.replaceAll(CONTROL, ' ').trim());
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}...` : text;
}
