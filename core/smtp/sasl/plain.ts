/** PLAIN (RFC 4616): whom to act for, who it is, and the password, in one message. */
import { BAD_RESPONSE } from '../replies.ts';
import { type BeginExchange, isName, textOf } from './exchange.ts';

export const plain: BeginExchange = async function* ({ authentication }, initial) {
  const parts = textOf(initial ?? (yield ''))?.split('\0') ?? [];
  const [actFor = '', self = '', password = ''] = parts;
  // Some clients write the name into the first field alone, which can mean nothing else.
  const user = self === '' ? actFor : self;
  if (parts.length !== 3 || !isName(user)) return BAD_RESPONSE;
  if (actFor !== '' && actFor !== user) return authentication.refuseDelegation('PLAIN', user);
  return authentication.judge({ mechanism: 'PLAIN', user, password });
};
