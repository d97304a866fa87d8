/** VRFY and EXPN (RFC 5321 section 3.5): answered by plugins, for listed clients alone. */

import { inRanges } from '../mail/ip-ranges.ts';
import { formatPath } from '../mail/path.ts';
import type { KnownSession } from './known-session.ts';
import { refuseKnown } from './refuse.ts';
import { AUTHENTICATE_FIRST, CANNOT_VERIFY, NOT_IMPLEMENTED, type Said, syntax } from './replies.ts';
import type { Setting } from './setting.ts';

export async function lookUp(
  setting: Setting,
  known: KnownSession,
  hook: 'vrfy' | 'expn',
  argument: string,
): Promise<Said> {
  const { options, chain } = setting;
  const { session } = known;
  const mayAsk = inRanges(options.lookups)(session.client.address);
  if (!mayAsk) return hook === 'vrfy' ? CANNOT_VERIFY : NOT_IMPLEMENTED;
  if (argument === '') return syntax(`${hook.toUpperCase()} string`);
  if (options.auth === 'required' && session.user === null) return AUTHENTICATE_FIRST;
  const query = argument.replace(/^<(.*)>$/, '$1');
  const { decision, steps } = await chain[hook](session, query);
  if (decision.kind === 'refused') return refuseKnown(setting, known, hook, decision, { asked: query, steps });
  if (decision.kind === 'found' && decision.mailboxes.length > 0) {
    return { code: 250, status: '2.1.5', text: decision.mailboxes.map(formatPath) };
  }
  return hook === 'vrfy' ? CANNOT_VERIFY : NOT_IMPLEMENTED;
}
