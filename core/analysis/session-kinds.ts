/** The sessions that a configuration can have: what its listeners let a client be, and the gateway's own. */
import type { ListenerSettings } from '../config/configuration.ts';
import type { Session, Tls } from '../mail/session.ts';

/** Sessions that differ only in the client, in what it said, and in what the lists leave open. */
export interface SessionKind {
  readonly listener: string;
  readonly protocol: 'smtp' | 'lmtp';
  readonly tls: readonly boolean[];
  readonly authenticated: readonly boolean[];
  /** `null`: mail of the gateway itself, whose reverse-path is the null one. */
  readonly sender: 'any' | 'null';
  /** Addresses from which clients are most likely to come. */
  readonly clients: readonly string[];
}

/** Notifications. No listener bears this name. */
const OURSELVES: SessionKind = {
  listener: 'mailframe',
  protocol: 'smtp',
  tls: [false],
  authenticated: [false],
  sender: 'null',
  clients: ['127.0.0.1'],
};

/** A session from before AUTH is possible too: plugins are asked at `connect`. */
export function sessionKinds(listeners: readonly ListenerSettings[]): readonly SessionKind[] {
  return [...listeners.map(kindOf), OURSELVES];
}

function kindOf({ id, protocol, address, tls, auth, trust }: ListenerSettings): SessionKind {
  const named = auth !== 'off' || trust.xclient.length > 0;
  return {
    listener: id,
    protocol,
    tls: tls === null ? [false] : tls.mode === 'implicit' ? [true] : [false, true],
    authenticated: named ? [false, true] : [false],
    sender: 'any',
    clients: isLoopback(address) ? [address] : [],
  };
}

/** Whether only this machine reaches the address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

const TLS: Tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null, certificate: null };

/** One session. */
export function sessionOf(
  { listener, protocol }: Pick<SessionKind, 'listener' | 'protocol'>,
  of: { readonly client: string; readonly tls: boolean; readonly authenticated: boolean },
): Session {
  return {
    id: 'check',
    listener,
    protocol,
    client: { address: of.client, port: 50_000, name: null },
    greeting: null,
    tls: of.tls ? TLS : null,
    user: of.authenticated ? 'someone' : null,
    forwarded: null,
  };
}
