/** What is known of a client that has said nothing yet. */
import type { Client, Session, Tls } from '../mail/session.ts';
import type { ListenerOptions } from './options.ts';

export function newSession(
  id: string,
  { id: listener, protocol }: Pick<ListenerOptions, 'id' | 'protocol'>,
  client: Client,
  tls: Tls | null,
): Session {
  return { id, listener, protocol, client, greeting: null, tls, user: null, forwarded: null };
}
