/** Mail in the queue, and mail that has left it, as plain data for programs. Times are ISO 8601, in UTC. */
import { formatMailbox, formatPath } from '../../mail/path.ts';
import type { QueueEntry } from '../../plugin/queue-control.ts';
import type { Life } from './life.ts';

/** One mail as `list --json` has it. */
export function entryInJson({ id, receivedAt, size, hold, bounce, envelope, recipients }: QueueEntry): object {
  return {
    id,
    receivedAt,
    size,
    readable: envelope !== null,
    reversePath: envelope === null ? null : formatPath(envelope.reversePath),
    hold,
    bounce,
    recipients: recipients.map(one => ({
      address: formatMailbox(one.recipient.forwardPath),
      original: formatMailbox(one.recipient.original),
      destination: one.destination,
      state: one.state,
      attempts: one.attempts,
      nextAttempt: one.nextAttempt,
      keptBack: one.keptBack,
      expires: one.expires,
      lastOutcome: one.lastOutcome,
    })),
  };
}

/** One mail as `show --json` has it. */
export function lifeInJson({ entry, left, session, facts }: Life): object {
  return { ...entryInJson(entry), left, session, facts };
}

/** One mail as `trace --json` has it. */
export function traceInJson(life: Life): object {
  return { ...lifeInJson(life), trace: life.trace };
}
