/** Writes down what came of one call: a step of the trace, and a line of the log where it failed. */
import { type Facts, NO_FACTS } from '../mail/facts.ts';
import { Failure, LOCAL_ERROR, replyToError } from '../mail/failure.ts';
import type { Refusal } from '../mail/reply.ts';
import type { Change, TraceStep } from '../mail/trace.ts';
import type { Answer, HookName } from '../plugin/hooks.ts';
import type { Clock } from '../plugin/ports.ts';
import { wordsOf } from './answer.ts';
import { Blame } from './blame.ts';
import type { Call, Called } from './call.ts';
import type { OnError } from './link.ts';

const NO_CHANGES: readonly Change[] = [];

/** Begins when the call does. */
export class CallRecord<H extends HookName> {
  readonly #call: Call<H>;
  readonly #clock: Clock;
  readonly #at: number;
  readonly #started: number;

  constructor(call: Call<H>, clock: Clock) {
    this.#call = call;
    this.#clock = clock;
    this.#at = clock.now().getTime();
    this.#started = clock.monotonic();
  }

  answer(answer: Answer<H> | undefined): Called<H> {
    if (answer === undefined) return { kind: 'silent', step: this.#step('silent', null) };
    const facts = answer.kind === 'note' || answer.kind === 'rewrite' ? answer.facts : NO_FACTS;
    const changes = answer.kind === 'rewrite' ? answer.changes : NO_CHANGES;
    return { kind: 'answered', answer, step: this.#step(answer.kind, wordsOf(answer), facts, changes) };
  }

  failure(error: unknown): Called<H> {
    const { link, hook, about } = this.#call;
    const blame = error instanceof Blame ? error : new Blame(link, error);
    const cause = blame.cause ?? blame;
    const { at, isExact, stack } = blame.by.originOf(cause);
    // Nobody threw what says that an answer is late.
    const trodden = blame.late || stack === null ? {} : { stack };
    const because = `${blame.by.id} failed at ${hook}: ${blame.message}`;
    blame.by.log.error('failed', { ...about, hook, cause: blame.message, at, ...trodden });
    const failed = this.#step(blame.late ? 'late' : 'failed', isExact ? `${because} (${at})` : because);
    if (blame.by === link && link.onError === 'ignore') return { kind: 'silent', step: failed };
    return { kind: 'failed', by: blame.by, reply: replyTo(blame.by.onError, cause), because, step: failed };
  }

  #step(answer: string, detail: string | null, facts: Facts = NO_FACTS, changes: readonly Change[] = NO_CHANGES) {
    const { hook, link, asked } = this.#call;
    const took = Math.round((this.#clock.monotonic() - this.#started) * 1000) / 1000;
    const step: TraceStep = {
      at: this.#at,
      hook,
      plugin: link.id,
      mode: link.mode,
      asked,
      answer,
      detail,
      took,
      changes,
      facts,
    };
    return step;
  }
}

/** What the client hears, or the recipient suffers, when a plugin fails. */
function replyTo(onError: OnError, error: unknown): Refusal {
  if (onError === 'reject') return { code: 554, status: '5.3.0', text: 'Local error in processing' };
  return error instanceof Failure || onError === 'defer' ? replyToError(error) : LOCAL_ERROR;
}
