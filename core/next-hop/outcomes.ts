/** From what a next hop said, or how its session ended, to outcomes. */
import { type Bounced, bouncedBy, type Deferred, deferredBy } from '../mail/outcome.ts';
import { type EnhancedStatus, isPermanent, type Refusal } from '../mail/reply.ts';
import type { Heard } from './heard.ts';
import type { RemoteReply } from './remote-reply.ts';

/** A refusal, with the next hop's own words as its diagnostic. */
export function refusedOutcome(
  refusal: Refusal,
  reply: RemoteReply,
  remote: string,
  concerns: Deferred['concerns'] = 'recipient',
): Bounced | Deferred {
  if (isPermanent(refusal)) return bouncedBy(refusal, remote, reply.words);
  return deferredBy(refusal, remote, reply.words, concerns);
}

/** The end of a session, by 421 or without a word, before anything was decided. */
export function lostOutcome(heard: Heard, remote: string): Deferred {
  const reply = heard.kind === 'reply' ? heard : heard.reply;
  const because = heard.kind === 'reply' ? heard.words : heard.because;
  return unavailable('4.4.2', `Connection lost: ${because}`, remote, reply?.words ?? null);
}

/** Nobody at the destination can be served now. */
export function unavailable(
  status: EnhancedStatus<4>,
  text: string,
  remote: string | null = null,
  diagnostic: string | null = null,
): Deferred {
  return deferredBy({ code: 451, status, text }, remote, diagnostic, 'destination');
}
