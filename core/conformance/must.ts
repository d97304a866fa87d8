/** What a reply must be. */
import { Departure } from './conformance-case.ts';
import type { HeardReply } from './conversation.ts';

/**
 * `250`: this code. `25`, `5`: a code that begins so. A list: one of these.
 * @throws Departure where the reply is another one.
 */
export function must(reply: HeardReply, wanted: number | readonly number[], instead?: string): HeardReply {
  const codes = typeof wanted === 'number' ? [wanted] : wanted;
  if (codes.some(one => String(reply.code).startsWith(String(one)))) return reply;
  const names = codes.map(one => String(one).padEnd(3, 'x')).join(' or ');
  throw new Departure(instead ?? `${names} was expected, and ${reply.code === 0 ? 'no reply' : reply.code} came`);
}

/** @throws Departure unless it holds. */
export function hold(isSo: boolean, otherwise: string): void {
  if (!isSo) throw new Departure(otherwise);
}
