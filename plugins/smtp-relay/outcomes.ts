/** From what a next hop said, or how its connection ended, to outcomes. */
import { type Bounced, bouncedBy, type Deferred, deferredBy, isPermanent, type Refusal } from '../../core/index.ts';
import type { Heard } from './client.ts';
import type { RemoteReply } from './remote-reply.ts';

/** A refusal, with the next hop's own words as its diagnostic. */
export function refusedOutcome(refusal: Refusal, reply: RemoteReply, remote: string): Bounced | Deferred {
  return isPermanent(refusal) ? bouncedBy(refusal, remote, reply.words) : deferredBy(refusal, remote, reply.words);
}

/** The end of a session, by 421 or without a word, before anything was decided. */
export function lostOutcome(heard: Heard, remote: string): Deferred {
  const reply = heard.kind === 'reply' ? heard : heard.reply;
  const because = heard.kind === 'reply' ? heard.words : heard.because;
  return deferredBy({ code: 451, status: '4.4.2', text: `Connection lost: ${because}` }, remote, reply?.words ?? null);
}
