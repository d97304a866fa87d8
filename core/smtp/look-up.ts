/** VRFY and EXPN (RFC 5321 section 3.5): answered by plugins, for listed clients alone. */

import { isInRanges } from '../mail/ip-ranges.ts';
import { formatPath } from '../mail/path.ts';
import type { KnownSession } from './known-session.ts';
import { refuseKnown } from './refuse.ts';
import {
  AUTHENTICATE_FIRST,
  CANNOT_VERIFY,
  NEEDS_SMTPUTF8,
  NOT_IMPLEMENTED,
  type Said,
  syntax,
  UTF8_REPLY_NEEDED,
} from './replies.ts';
import type { Setting } from './setting.ts';

const NON_ASCII = /[^\u0000-\u007f]/;

export async function lookUp(
  setting: Setting,
  known: KnownSession,
  hook: 'vrfy' | 'expn',
  argument: string,
): Promise<Said> {
  const { options, chain } = setting;
  const { session } = known;
  const mayAsk = isInRanges(options.lookups, session.client.address);
  if (!mayAsk) return hook === 'vrfy' ? CANNOT_VERIFY : NOT_IMPLEMENTED;
  if (argument === '') return syntax(`${hook.toUpperCase()} string`);
  if (options.auth === 'required' && session.user === null) return AUTHENTICATE_FIRST;
  // RFC 6531 section 3.7.4.2: the parameter says that the client understands UTF-8, in the question and in the reply.
  const [, asked = '', utf8] = /^(.*?)( +SMTPUTF8)?$/i.exec(argument) ?? [];
  const smtpUtf8 = utf8 !== undefined;
  if (!smtpUtf8 && NON_ASCII.test(asked)) return NEEDS_SMTPUTF8;
  const query = asked.replace(/^<(.*)>$/, '$1');
  const { decision, steps } = await chain[hook](session, query);
  if (decision.kind === 'refused') return refuseKnown(setting, known, hook, decision, { asked: query, steps });
  if (decision.kind === 'found' && decision.mailboxes.length > 0) {
    const text = decision.mailboxes.map(formatPath);
    if (!smtpUtf8 && text.some(line => NON_ASCII.test(line))) return UTF8_REPLY_NEEDED;
    return { code: 250, status: '2.1.5', text, charset: 'utf-8' };
  }
  return hook === 'vrfy' ? CANNOT_VERIFY : NOT_IMPLEMENTED;
}
