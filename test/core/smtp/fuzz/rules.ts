/** What the reference has to know of a listener: the least with which replies can be told right from wrong. */

/** Whether content may, must or must not be taken. */
export type Fitness = 'taken' | 'refused' | 'either';

/** What a plugin of the fuzzer puts above content. */
export const MARK = 'X-Rewritten: yes\r\n';

export interface Rules {
  readonly protocol: 'smtp' | 'lmtp';
  /** Whether BDAT is a command. */
  readonly chunking: boolean;
  readonly bareNewline: 'reject' | 'normalize';
  /** The longest command line, in octets. */
  readonly commandLine: number;
  /** How many of each may come before the server may hang up. */
  readonly patience: {
    /** Refusals between two accepted mails. */
    readonly errors: number;
    /** Commands between two accepted mails. */
    readonly commands: number;
    readonly unknownCommands: number;
    readonly transactions: number;
    readonly failedLogins: number;
  };
  /** Whether plugins hang up when they like. */
  readonly moody: boolean;
  /** Whether envelopes that are right are taken from anybody. */
  readonly takesAnybody: boolean;
  /** What becomes of content that is framed, un-stuffed and, where that is the rule, normalized. */
  fitness(content: string): Fitness;
  /** What becomes of content that is taken: a plugin may throw it away, or put `MARK` above it. */
  use(content: string): 'kept' | 'discarded' | 'marked';
}
