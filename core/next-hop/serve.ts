/**
 * What one session does for one delivery: transaction after transaction, until every recipient is answered or the session
 * is over.
 *
 * More recipients than a transaction should have follow in the next one (RFC 5321 section 4.5.3.1.8), and so do those whom
 * the next hop finds one too many (section 4.5.3.1.10).
 */
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import { bouncedBy, type Outcome } from '../mail/outcome.ts';
import { firstBatch } from './batches.ts';
import type { SmtpClient } from './client.ts';
import { fit } from './demands.ts';
import type { Caller, Policy } from './dial.ts';
import type { Heard } from './heard.ts';
import { transact } from './transaction.ts';

/** One delivery, as far as one session has to do with it. */
export interface Service {
  readonly mail: Mail;
  readonly recipients: readonly Recipient[];
  /** Where what is decided is written down, at once: it stands whatever happens next. */
  readonly outcomes: Map<Recipient, Outcome>;
  readonly client: SmtpClient;
  readonly policy: Policy;
  /** The next hop as `name[address]:port`. */
  readonly remote: string;
  readonly caller: Pick<Caller, 'log'>;
}

/**
 * How it ended, for those without an outcome. `done`: there are none. `spent`: the session may have no more transactions,
 * and another one may. `stale`: the session had served before, and was over before anything of this was answered: as if
 * it had never been. `ended`: it was over in the middle.
 */
export type Served =
  | { readonly kind: 'done' | 'spent' }
  | { readonly kind: 'stale'; readonly heard: Heard }
  | { readonly kind: 'ended'; readonly heard: Heard };

/** Serves. @throws where the content cannot be read */
export async function serve(service: Service): Promise<Served> {
  const { client, policy, outcomes, remote, caller } = service;
  const { extensions } = client;
  const fitting = await fit(service.mail, extensions);
  if (fitting.kind === 'fitting' && fitting.changes.length > 0)
    caller.log.info('converted', { remote, changes: fitting.changes });
  const refusalOf = fitting.kind === 'unfit' ? () => fitting.reply : fitting.refusalOf;
  let waiting: readonly Recipient[] = service.recipients.filter(recipient => {
    const refusal = refusalOf(recipient);
    if (refusal !== null) outcomes.set(recipient, bouncedBy(refusal, remote));
    return refusal === null;
  });
  let most = Math.min(policy.recipients, extensions.limit('RCPTMAX'));
  const domains = extensions.limit('RCPTDOMAINMAX');
  while (waiting.length > 0 && fitting.kind === 'fitting') {
    if (client.transactions >= extensions.limit('MAILMAX')) return { kind: 'spent' };
    const recipients = firstBatch(waiting, { recipients: most, domains });
    const { mail, payload } = fitting;
    const { protocol, chunking } = policy;
    const done = await transact({ mail, payload, recipients, client, protocol, chunking, remote, caller });
    for (const [recipient, outcome] of done.outcomes) outcomes.set(recipient, outcome);
    if (done.ended !== null) {
      const isStale = done.begun === 'never' && client.transactions > 1;
      return { kind: isStale ? 'stale' : 'ended', heard: done.ended };
    }
    if (done.surplus.length > 0) most = Math.max(1, recipients.indexOf(done.surplus[0] as Recipient));
    waiting = [...done.surplus, ...waiting.slice(recipients.length)];
  }
  return { kind: 'done' };
}
