/** What a listener allows one client to ask for on MAIL. */
import type { Session } from '../mail/session.ts';
import { offers } from './extensions.ts';
import type { MailRules } from './mail-command.ts';
import type { ListenerOptions } from './options.ts';

/** RFC 6710 knows none above it. */
const HIGHEST_PRIORITY = 9;

/** `offered`: the lines that this client's EHLO was answered with; none after HELO. */
export function mailRules(options: ListenerOptions, session: Session, offered: readonly string[]): MailRules {
  return {
    maxSize: options.maxSize,
    auth: options.auth !== 'off',
    requireTls: requireTls(options, session, offered),
    binary: options.binaryMime === 'encode' ? 'taken' : 'refused',
    highestPriority: mayRaise(options.raisePriority, session) ? HIGHEST_PRIORITY : 0,
  };
}

/** An offer is a promise to honour it, so what was not offered, or was withdrawn by a plugin, is not taken. */
function requireTls({ tls }: ListenerOptions, session: Session, offered: readonly string[]): MailRules['requireTls'] {
  if (session.tls === null) return tls === null ? 'not-offered' : 'no-tls';
  return offers(offered, 'REQUIRETLS') ? 'offered' : 'not-offered';
}

function mayRaise(who: ListenerOptions['raisePriority'], { user }: Session): boolean {
  switch (who) {
    case 'nobody':
      return false;
    case 'users':
      return user !== null;
    case 'all':
      return true;
  }
}
