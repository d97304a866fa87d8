/** Which mechanisms a client can use now: those of the listener, without those that would be unsafe or mean nothing yet. */
import { isChallengeMechanism, type Mechanism } from '../../mail/mechanism.ts';
import type { PermanentReply } from '../../mail/reply.ts';
import type { Session } from '../../mail/session.ts';
import type { ListenerOptions } from '../options.ts';
import { ENCRYPT_FIRST, UNKNOWN_MECHANISM } from '../replies.ts';

type Rules = Pick<ListenerOptions, 'auth' | 'mechanisms' | 'allowPlaintextAuth'>;

/** In the order of the configuration, each once. */
export function offeredMechanisms(options: Rules, session: Session): readonly Mechanism[] {
  if (options.auth === 'off') return [];
  return [...new Set(options.mechanisms)].filter(one => obstacle(one, options, session) === null);
}

/** Why a mechanism cannot be used now, or `null`. */
export function mechanismRefusal(name: string, options: Rules, session: Session): PermanentReply | null {
  const mechanism = options.mechanisms.find(one => one === name);
  return mechanism === undefined ? UNKNOWN_MECHANISM : obstacle(mechanism, options, session);
}

/** Passwords and tokens cross the network only where nobody can read them, unless the operator wants it otherwise. */
function obstacle(mechanism: Mechanism, { allowPlaintextAuth }: Rules, { tls }: Session): PermanentReply | null {
  if (isChallengeMechanism(mechanism)) return null;
  if (mechanism === 'EXTERNAL' && tls !== null) return tls.certificate === null ? UNKNOWN_MECHANISM : null;
  if (tls !== null) return null;
  return allowPlaintextAuth && mechanism !== 'EXTERNAL' ? null : ENCRYPT_FIRST;
}
