/** What transports were given, and what became of it: as the test says, or as they say themselves. */
import type { Outcome } from '../mail/outcome.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import { type Report, report } from '../mail/verdict.ts';
import type { Delivery } from '../plugin/hooks.ts';

/** One attempt. */
export interface Attempted {
  readonly id: string;
  /** The transport's id. */
  readonly transport: string;
  /** The reverse-path, with its brackets. */
  readonly from: string;
  readonly to: readonly string[];
  /** `mx.example.test:25`, in the order to try. */
  readonly hosts: readonly string[];
  /** As it came to the transport: after all middleware. */
  readonly content: Buffer;
  /** 1 for the first. */
  readonly attempt: number;
  readonly delivery: Delivery;
  /** By address. Empty where the transport kept silent. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** One recipient who got a mail. */
export interface TestDelivery extends Omit<Attempted, 'to' | 'outcomes'> {
  readonly to: string;
}

/** What becomes of a delivery: of all, by the address of the recipient (`*`: of the others), or as a function says. */
export type Outcomes = Outcome | Readonly<Record<string, Outcome>> | ((to: string, attempt: number) => Outcome);

/** A delivery on its way to a transport. */
export interface KeptDelivery {
  /** The transport's id. */
  readonly transport: string;
  readonly delivery: Delivery;
  /** Has the transport deliver after all, and gives its report. */
  readonly deliver: () => Promise<Report | undefined>;
}

export class KeptDeliveries {
  readonly attempts: Attempted[] = [];
  readonly delivered: TestDelivery[] = [];
  readonly #transports: 'kept' | 'real';
  #outcomes: Outcomes;

  constructor(transports: 'kept' | 'real', outcomes: Outcomes) {
    this.#transports = transports;
    this.#outcomes = outcomes;
  }

  answer(outcomes: Outcomes): void {
    this.#outcomes = outcomes;
  }

  async keep({ transport, delivery, deliver }: KeptDelivery): Promise<Report | undefined> {
    const { mail, recipients, hosts, attempt } = delivery;
    const about = {
      id: mail.id,
      transport,
      from: formatPath(mail.envelope.reversePath),
      hosts: hosts.map(({ name, port }) => `${name}:${port}`),
      content: await mail.content.bytes(),
      attempt,
      delivery,
    };
    const answer = this.#transports === 'kept' ? this.#answered(delivery) : await deliver();
    const outcomes = [...(answer?.outcomes ?? [])].map(
      ([one, outcome]) => [formatMailbox(one.forwardPath), outcome] as const,
    );
    const to = recipients.map(({ forwardPath }) => formatMailbox(forwardPath));
    this.attempts.push({ ...about, to, outcomes: Object.fromEntries(outcomes) });
    for (const [address, outcome] of outcomes)
      if (outcome.kind === 'delivered') this.delivered.push({ ...about, to: address });
    return answer;
  }

  #answered({ recipients, attempt }: Delivery): Report {
    return report(recipients.map(one => [one, outcomeFor(this.#outcomes, formatMailbox(one.forwardPath), attempt)]));
  }
}

function outcomeFor(outcomes: Outcomes, to: string, attempt: number): Outcome {
  if (typeof outcomes === 'function') return outcomes(to, attempt);
  if (isOutcome(outcomes)) return outcomes;
  const found = outcomes[to] ?? outcomes['*'];
  return found ?? { kind: 'delivered', disposition: 'final', remote: null, text: 'the test' };
}

function isOutcome(outcomes: Outcome | Readonly<Record<string, Outcome>>): outcomes is Outcome {
  return typeof outcomes.kind === 'string';
}
