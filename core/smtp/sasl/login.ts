/** LOGIN: PLAIN in two messages, for old clients. No RFC describes it, and the challenges mean nothing. */
import { BAD_RESPONSE } from '../replies.ts';
import { type BeginExchange, isName, textOf } from './exchange.ts';

export const login: BeginExchange = async function* ({ authentication }, initial) {
  const user = textOf(initial ?? (yield 'Username:'));
  if (user === null || !isName(user)) return BAD_RESPONSE;
  const password = textOf(yield 'Password:');
  if (password === null || password.includes('\0')) return BAD_RESPONSE;
  return authentication.judge({ mechanism: 'LOGIN', user, password });
};
