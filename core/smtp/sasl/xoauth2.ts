/** XOAUTH2: a bearer token in the form that Google and Microsoft gave it before RFC 7628. */
import { BAD_RESPONSE } from '../replies.ts';
import { judgeToken, readPairs, tokenOf } from './bearer.ts';
import { type BeginExchange, isName, textOf } from './exchange.ts';

/** Their clients look for these. */
const FAILURE = { status: '401', schemes: 'bearer' };

export const xoauth2: BeginExchange = async function* (surroundings, initial) {
  const message = textOf(initial ?? (yield '')) ?? '';
  // The name may hold what no value may.
  const [, user = '', rest = ''] = /^user=([^\x01]*)\x01(.*)$/s.exec(message) ?? [];
  const token = tokenOf(readPairs(rest)?.get('auth'));
  if (!isName(user) || token === null) return BAD_RESPONSE;
  return yield* judgeToken(surroundings, { mechanism: 'XOAUTH2', user, token, host: null, port: null }, FAILURE);
};
