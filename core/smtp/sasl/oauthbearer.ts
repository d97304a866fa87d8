/** OAUTHBEARER (RFC 7628): a bearer token, and where the client believes that it is. */
import { BAD_RESPONSE, NO_CHANNEL_BINDING } from '../replies.ts';
import { judgeToken, readPairs, tokenOf } from './bearer.ts';
import { type BeginExchange, isName, textOf } from './exchange.ts';
import { readGs2Header } from './gs2-header.ts';

/** Which fault a token has is for its issuer to say: of all of them this one makes clients get another. */
const FAILURE = { status: 'invalid_token' };

export const oauthBearer: BeginExchange = async function* (surroundings, initial) {
  const header = readGs2Header(textOf(initial ?? (yield '')) ?? '');
  if (header.kind === 'binding') return NO_CHANNEL_BINDING;
  if (header.kind === 'malformed' || !header.rest.startsWith('\x01')) return BAD_RESPONSE;
  const pairs = readPairs(header.rest.slice(1));
  const token = tokenOf(pairs?.get('auth'));
  const host = pairs?.get('host') ?? null;
  const port = pairs?.get('port') ?? null;
  const { actFor: user } = header;
  if (token === null || (user !== null && !isName(user)) || !isPort(port)) return BAD_RESPONSE;
  const credentials = {
    mechanism: 'OAUTHBEARER',
    user,
    token,
    host,
    port: port === null ? null : Number(port),
  } as const;
  return yield* judgeToken(surroundings, credentials, FAILURE);
};

function isPort(text: string | null): boolean {
  return text === null || (/^\d{1,5}$/.test(text) && Number(text) <= 65_535);
}
