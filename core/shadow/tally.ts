/**
 * What one plugin in shadow mode would have done: how often it was asked, what it would have answered, and to whom lately.
 *
 * Memory is bounded, whatever strangers send: so many examples, so many different wordings, and the rest is in the sums.
 */
import type { TraceStep } from '../mail/trace.ts';

/** One case, for whoever wants to look at it. */
export interface Example {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** What it was asked about: `ann@example.test`. */
  readonly asked: string;
  /** In its words: `550 5.1.1 No such mailbox`. */
  readonly detail: string | null;
  readonly session: string | null;
  /** `null`: it has not become a mail of ours, or not yet. */
  readonly queueId: string | null;
}

/** One kind of answer. */
export interface Answered {
  count: number;
  /** Of these, so many in mail that was accepted all the same: those that would have changed something. */
  accepted: number;
  /** How often it was said in which words. */
  readonly details: Record<string, number>;
  /** The latest first. */
  examples: readonly Example[];
}

/** One hook. */
export interface HookTally {
  asked: number;
  /** By the kind of the answer, as traces name it: `reject`, `silent`, `failed`. */
  readonly answers: Record<string, Answered>;
}

/** The whole of it, as it is kept on the disk. */
export interface TallyRecord {
  /** Since when it has been counted, in ISO 8601. */
  readonly since: string;
  /** Another one: another plugin, or other options. */
  readonly fingerprint: string;
  readonly hooks: Readonly<Record<string, HookTally>>;
}

const MOST_EXAMPLES = 20;
const MOST_DETAILS = 50;
const LONGEST_DETAIL = 300;
/** What does not change anything has no examples. */
const QUIET = new Set(['silent', 'note']);

export class Tally {
  readonly fingerprint: string;
  #since: string;
  readonly #hooks: Record<string, HookTally> = {};

  constructor(fingerprint: string, since: Date) {
    this.fingerprint = fingerprint;
    this.#since = since.toISOString();
  }

  count({ at, hook, asked, answer, detail }: TraceStep, about: Readonly<Record<string, string>>): void {
    const tally = this.#hook(hook);
    tally.asked += 1;
    const answered = answerOf(tally, answer);
    answered.count += 1;
    if (QUIET.has(answer)) return;
    const words = detail?.slice(0, LONGEST_DETAIL) ?? null;
    if (words !== null && (words in answered.details || Object.keys(answered.details).length < MOST_DETAILS)) {
      answered.details[words] = (answered.details[words] ?? 0) + 1;
    }
    const { session = null, queueId = null } = about;
    const example = {
      at,
      asked: asked.slice(0, LONGEST_DETAIL),
      detail: words,
      session,
      queueId: session === null ? queueId : null,
    };
    answered.examples = [example, ...answered.examples].slice(0, MOST_EXAMPLES);
  }

  /** A mail was accepted in which this answer was given. */
  accept({ at, hook, asked, answer }: TraceStep, queueId: string): void {
    if (QUIET.has(answer)) return;
    const answered = answerOf(this.#hook(hook), answer);
    answered.accepted += 1;
    const isIt = (one: Example) =>
      one.queueId === null && one.at === at && one.asked === asked.slice(0, LONGEST_DETAIL);
    const index = answered.examples.findLastIndex(isIt);
    answered.examples = answered.examples.map((one, position) => (position === index ? { ...one, queueId } : one));
  }

  /** Adds what was counted before. */
  add({ since, hooks }: TallyRecord): void {
    if (since < this.#since) this.#since = since;
    for (const [hook, before] of Object.entries(hooks)) {
      const tally = this.#hook(hook);
      tally.asked += before.asked;
      for (const [kind, was] of Object.entries(before.answers)) {
        const answered = answerOf(tally, kind);
        answered.count += was.count;
        answered.accepted += was.accepted;
        for (const [words, count] of Object.entries(was.details)) {
          answered.details[words] = (answered.details[words] ?? 0) + count;
        }
        answered.examples = [...answered.examples, ...was.examples].slice(0, MOST_EXAMPLES);
      }
    }
  }

  get record(): TallyRecord {
    return { since: this.#since, fingerprint: this.fingerprint, hooks: this.#hooks };
  }

  #hook(name: string): HookTally {
    return (this.#hooks[name] ??= { asked: 0, answers: {} });
  }
}

function answerOf(tally: HookTally, kind: string): Answered {
  return (tally.answers[kind] ??= { count: 0, accepted: 0, details: {}, examples: [] });
}
