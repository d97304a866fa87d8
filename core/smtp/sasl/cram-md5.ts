/**
 * CRAM-MD5 (RFC 2195): a keyed hash of our challenge.
 *
 * It reveals no password, but whoever listens can test guesses at leisure, the client does not learn who we are, and the
 * passwords must be stored as they are. SCRAM-SHA-256 is better in all of this.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { BAD_RESPONSE, NO_INITIAL_RESPONSE } from '../replies.ts';
import { type BeginExchange, isName, textOf } from './exchange.ts';

/** Of the challenge, in octets. */
const RANDOM_OCTETS = 16;
const RESPONSE = /^(.+) ([0-9a-f]{32})$/su;

export const cramMd5: BeginExchange = async function* ({ setting, authentication }, initial) {
  if (initial !== null) return NO_INITIAL_RESPONSE;
  const { random, clock } = setting.reception;
  const unique = `${random.bytes(RANDOM_OCTETS).toString('hex')}.${Math.floor(clock.now().getTime() / 1000)}`;
  const challenge = `<${unique}@${setting.options.hostname}>`;
  const [, user = '', digest = ''] = RESPONSE.exec(textOf(yield challenge) ?? '') ?? [];
  if (!isName(user)) return BAD_RESPONSE;
  const claim = await authentication.claim('CRAM-MD5', user);
  if (claim.kind === 'refused') return claim.reply;
  // Nobody's password takes as long.
  const password = claim.secret?.password.reveal() ?? '';
  return authentication.settle(claim, isDigest(digest, challenge, password));
};

/** Whether this is what the password makes of the challenge. Takes the same time for every digest. */
export function isDigest(digest: string, challenge: string, password: string): boolean {
  const right = createHmac('md5', password).update(challenge).digest();
  return timingSafeEqual(Buffer.from(digest, 'hex'), right);
}
