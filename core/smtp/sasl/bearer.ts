/** What XOAUTH2 and OAUTHBEARER have in common: pairs of key and value, and how a refusal is said (RFC 7628 section 3). */
import type { TokenCredentials } from '../../plugin/credentials.ts';
import type { Exchange, Surroundings } from './exchange.ts';

const SEPARATOR = '\x01';
const PAIR = /^([A-Za-z]+)=([\t\n\r -~]*)$/;
const BEARER = /^Bearer +([!-~]+)$/i;

/** What stands in the pairs, by key; each ends with a separator, and another one ends them all. `null` where they are none. */
export function readPairs(text: string): ReadonlyMap<string, string> | null {
  const list = text.split(SEPARATOR);
  if (list.pop() !== '' || list.pop() !== '') return null;
  const pairs = new Map<string, string>();
  for (const pair of list) {
    const [, key, value] = PAIR.exec(pair) ?? [];
    if (key === undefined || value === undefined || pairs.has(key)) return null;
    pairs.set(key, value);
  }
  return pairs;
}

/** The token behind `auth`, or `null`. */
export function tokenOf(auth: string | undefined): string | null {
  return BEARER.exec(auth ?? '')?.[1] ?? null;
}

/**
 * Has plugins judge a token. A refusal is said in a challenge first, which the client answers with something that means
 * nothing; what is only for now is not the token's fault, and said at once.
 */
export async function* judgeToken(
  { authentication }: Surroundings,
  credentials: TokenCredentials,
  failure: Readonly<Record<string, string>>,
): Exchange {
  const reply = await authentication.judge(credentials);
  if (reply.code < 500) return reply;
  yield JSON.stringify(failure);
  return reply;
}
