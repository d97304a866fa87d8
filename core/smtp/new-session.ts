/** The beginning of a session: its id, and what is known of a client that has said nothing yet. */
import type { Client, Session, Tls } from '../mail/session.ts';
import type { Clock } from '../plugin/ports.ts';
import type { ListenerOptions } from './options.ts';

export function newSession(
  id: string,
  { id: listener, protocol }: Pick<ListenerOptions, 'id' | 'protocol'>,
  client: Client,
  tls: Tls | null,
): Session {
  return { id, listener, protocol, client, greeting: null, tls, user: null, forwarded: null };
}

const COUNTED = 36 ** 4;
let count = 0;

/** An id for the log and the trace, which no other session of this process has: by when it began, then by a count. */
export function sessionId(clock: Pick<Clock, 'now'>): string {
  count = (count + 1) % COUNTED;
  return clock.now().getTime().toString(36) + count.toString(36).padStart(4, '0');
}
