/** Times, sizes, numbers and outcomes of the queue, as people read them. No text from outside reaches a terminal raw. */
import type { Outcome } from '../../mail/outcome.ts';
import { formatReply } from '../../mail/reply.ts';

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
];

/** `2026-11-25 12:00:00`, in UTC. */
export function timeInWords(date: Date): string {
  return date.toISOString().replace('T', ' ').slice(0, 19);
}

/** `3 h`: how long, in the largest unit of which there are two, or one at the least. */
export function spanInWords(milliseconds: number): string {
  const length = Math.max(0, milliseconds);
  const [unit, size] = UNITS.find(([, size]) => length >= 2 * size) ?? ['s', 1000];
  return `${Math.floor(length / size)} ${unit}`;
}

/** When, seen from now: `in 5 min`, or `now` where it has come. */
export function untilInWords(date: Date, now: Date): string {
  const left = date.getTime() - now.getTime();
  return left <= 0 ? 'now' : `in ${spanInWords(left)}`;
}

/** `4.1 KiB`. */
export function octetsInWords(octets: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(names.length - 1, Math.floor(Math.log2(Math.max(1, octets)) / 10));
  return power === 0 ? `${octets} B` : `${(octets / 1024 ** power).toFixed(1)} ${names[power]}`;
}

/** `1,204`. */
export function numberInWords(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1 mail`, `1,204 mails`. */
export function counted(count: number, noun: string): string {
  return `${numberInWords(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Who said what: the remote, or we in its place. */
export function saidInWords(outcome: Outcome): string {
  return `${outcome.remote === null ? '' : `${outcome.remote}: `}${wordsOf(outcome)}`;
}

/** What was said. */
export function wordsOf(outcome: Outcome): string {
  return outcome.kind === 'delivered' ? outcome.text : (outcome.diagnostic ?? formatReply(outcome.reply));
}
