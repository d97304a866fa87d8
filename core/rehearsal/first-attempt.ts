/** The first attempt to deliver a mail that would be in the queue: made and settled as the queue does it, and stored nowhere. */
import type { Chain } from '../chain/chain.ts';
import type { QueueSettings } from '../config/configuration.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Trace } from '../mail/trace.ts';
import type { Clock, Log, Random } from '../plugin/ports.ts';
import type { Lease, NewMail } from '../plugin/queue-store.ts';
import { makeAttempt } from '../queue/attempt.ts';
import { Ledger } from '../queue/ledger.ts';
import { Placing } from '../queue/placing.ts';
import { queueIds } from '../queue/queue-id.ts';

export interface AttemptingParts {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly hostname: string;
  readonly queue: QueueSettings;
}

export interface FirstAttempt {
  /** Where each recipient waits. */
  readonly destinations: ReadonlyMap<Recipient, string>;
  readonly outcomes: ReadonlyMap<Recipient, Outcome>;
  readonly steps: Trace;
  readonly notifications: readonly Mail[];
}

/** Does not reject. Mail that is held is only given its place. */
export async function firstAttempt({ mail, fate }: NewMail, parts: AttemptingParts): Promise<FirstAttempt> {
  const { chain, clock, log, queue } = parts;
  const destinations = new Map<Recipient, string>();
  for (const one of mail.envelope.recipients) destinations.set(one, (await chain.place(mail, one)).destination);
  const outcomes = new Map<Recipient, Outcome>();
  const steps: Trace[] = [];
  const notifications: Mail[] = [];
  if (fate.kind !== 'hold') {
    const lease = leaseOf(mail, fate, destinations, clock);
    const ledger = new Ledger({
      ...parts,
      ...queue,
      nextId: queueIds(parts),
      placing: new Placing({ policy: queue.retry, clock }),
      queued: () => undefined,
      stopped: new AbortController().signal,
      store: {
        settle(_, settlements, taken, owed) {
          for (const { index, outcome } of settlements) {
            const recipient = mail.envelope.recipients[index];
            if (recipient !== undefined) outcomes.set(recipient, outcome);
          }
          steps.push(taken);
          notifications.push(...owed.map(one => one.mail));
          return Promise.resolve('settled');
        },
      },
    });
    await makeAttempt({ lease, chain, log, heard: () => undefined, settle: ledger.page(lease, chain) });
  }
  return { destinations, outcomes, steps: steps.flat(), notifications };
}

function leaseOf(mail: Mail, fate: Lease['fate'], destinations: ReadonlyMap<Recipient, string>, clock: Clock): Lease {
  const recipients = mail.envelope.recipients.map((recipient, index) => ({
    index,
    recipient,
    destination: destinations.get(recipient) ?? recipient.forwardPath.domain,
    attempts: 0,
    lastOutcome: null,
    delayNotified: false,
  }));
  return { owner: 'rehearsal', fence: 0, until: clock.now(), mail, recipients, fate };
}
