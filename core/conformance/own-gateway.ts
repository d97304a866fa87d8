/** The inside of a gateway that the suite has started: what it took, what it would deliver, and its time. */
import type { Limits } from '../mail/limits.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Attempted } from '../testing/kept-deliveries.ts';

/** One listener of a gateway of our own. */
export interface OwnGateway {
  readonly hostname: string;
  readonly maxSize: number;
  readonly bareNewline: 'reject' | 'normalize';
  readonly limits: Limits;
  /** What transports were given, in order. */
  readonly attempts: readonly Attempted[];
  /** From now on this becomes of deliveries, by address. */
  readonly answer: (outcomes: (to: string) => Outcome) => void;
  /** Resolves when nothing is being delivered and nothing is due. */
  readonly settled: () => Promise<void>;
  /** Whether the queue has the mail, or has had it. */
  readonly knows: (id: string) => Promise<boolean>;
  /** As whom a stranger comes: `XCLIENT ADDR=…` is obeyed. */
  readonly stranger: string;
  /**
   * The same listener of a gateway whose limits are as configured and whose time stands still until it is moved: the port,
   * and how to move it.
   */
  readonly asConfigured: () => Promise<{
    readonly port: number;
    readonly skip: (milliseconds: number) => Promise<void>;
  }>;
}
