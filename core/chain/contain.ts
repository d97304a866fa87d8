/**
 * Makes one call of one plugin, contained: with its middleware around it, under its deadline, its answer looked at, and
 * written down as a step of the trace.
 *
 * Guarantee: never rejects. A plugin that throws, rejects, answers nonsense, answers late or never ends here, with a log
 * line that names plugin, hook and cause. Limit: a plugin that blocks the thread cannot be interrupted.
 */
import { type Facts, NO_FACTS } from '../mail/facts.ts';
import { describeError, Failure, LOCAL_ERROR, replyToError } from '../mail/failure.ts';
import type { Refusal } from '../mail/reply.ts';
import type { TraceStep } from '../mail/trace.ts';
import type { Answer, HookContext, HookName, Subject } from '../plugin/hooks.ts';
import type { Clock } from '../plugin/ports.ts';
import { faultOf, wordsOf } from './answer.ts';
import { Blame } from './blame.ts';
import type { Call, Called } from './call.ts';
import { CallContext } from './call-context.ts';
import type { Deadlines } from './deadlines.ts';
import type { OnError } from './link.ts';
import { withMiddleware } from './surround.ts';

/** What the client hears, or the recipient suffers, when a plugin fails. */
function replyTo(onError: OnError, error: unknown): Refusal {
  if (onError === 'reject') return { code: 554, status: '5.3.0', text: 'Local error in processing' };
  return error instanceof Failure || onError === 'defer' ? replyToError(error) : LOCAL_ERROR;
}

/** Time, as a call needs it. */
export interface Timing {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

/** Makes the call. */
export async function make<H extends HookName>(it: Call<H>, { clock, deadlines }: Timing): Promise<Called<H>> {
  const started = clock.monotonic();
  const at = clock.now().getTime();
  const step = (answer: string, detail: string | null, facts: Facts = NO_FACTS): TraceStep => ({
    at,
    hook: it.hook,
    plugin: it.link.id,
    mode: it.link.mode,
    asked: it.asked,
    answer,
    detail,
    took: clock.monotonic() - started,
    changes: [],
    facts,
  });
  try {
    const answer = await answerOf(it, deadlines);
    if (answer === undefined) return { kind: 'silent', step: step('silent', null) };
    const facts = answer.kind === 'note' || answer.kind === 'rewrite' ? answer.facts : NO_FACTS;
    const changes = answer.kind === 'rewrite' ? answer.changes : [];
    return { kind: 'answered', answer, step: { ...step(answer.kind, wordsOf(answer), facts), changes } };
  } catch (error) {
    const blame = error instanceof Blame ? error : new Blame(it.link, error);
    const cause = blame.cause ?? blame;
    const because = `${blame.by.id} failed at ${it.hook}: ${blame.message}`;
    blame.by.log.error('failed', { ...it.about, hook: it.hook, cause: blame.message, stack: stackOf(cause) });
    const failed = step(blame.late ? 'late' : 'failed', because);
    if (blame.by === it.link && it.link.onError === 'ignore') return { kind: 'silent', step: failed };
    return { kind: 'failed', by: blame.by, reply: replyTo(blame.by.onError, cause), because, step: failed };
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}

async function answerOf<H extends HookName>(it: Call<H>, deadlines: Deadlines): Promise<Answer<H> | undefined> {
  const context = new CallContext(it.link.log, it.about, it.facts);
  try {
    const value = it.around.length === 0 ? invoke(it, it.subject, context) : withMiddleware(it, context, invoke);
    const answer = value instanceof Promise ? await inTime(value, it, context, deadlines) : value;
    // `null` is what JavaScript authors write for "nothing to say".
    if (answer === undefined || answer === null) return undefined;
    const fault = faultOf(it.hook, answer);
    if (fault !== null) throw new Error(fault);
    return answer as Answer<H>;
  } finally {
    context.end();
  }
}

/** Calls the plugin itself. */
function invoke<H extends HookName>(it: Call<H>, subject: Subject<H>, context: HookContext): unknown {
  const answer = it.link.instance[it.hook];
  if (answer === undefined) return undefined;
  // The table gives each hook its own subject; TypeScript cannot see that `hook` and `subject` belong together here.
  const value: unknown = (answer as (subject: Subject<H>, context: HookContext) => unknown).call(
    it.link.instance,
    subject,
    context,
  );
  return isThenable(value) && !(value instanceof Promise) ? adopt(value, it) : value;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * A foreign thenable as a promise. Only promises are sure to answer once: a second answer at the same moment is a failure,
 * as nobody can say which one is meant; one that comes later is dropped, and the log says so.
 */
function adopt(value: PromiseLike<unknown>, { hook, link, about }: Call<HookName>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let answers = 0;
    let settled = false;
    const answer = (settle: (value: unknown) => void) => (result: unknown) => {
      answers++;
      if (settled) link.log.warn('answered twice', { ...about, hook });
      if (answers > 1) return;
      queueMicrotask(() => {
        settled = true;
        if (answers === 1) settle(result);
        else reject(new Error('answered twice'));
      });
    };
    value.then(answer(resolve), answer(reject));
  });
}

/**
 * Waits for an answer until the deadline. A later one is dropped, and the log says so. A transport alone is given a little
 * more after its signal is aborted: its report of what was delivered by then keeps that from being delivered again.
 */
async function inTime<H extends HookName>(
  value: Promise<unknown>,
  it: Call<H>,
  context: CallContext,
  deadlines: Deadlines,
): Promise<unknown> {
  const delivers = it.hook === 'deliver';
  const limit = delivers ? it.link.deliveryDeadline : it.link.deadline;
  const first = await before(limit, value, deadlines);
  if (first !== LATE) return first;
  const by = context.running ?? it.link;
  context.abort(new Error(`no answer within ${limit} ms`));
  if (delivers) {
    const report = await before(REPORT_GRACE, value, deadlines);
    if (report !== LATE) return report;
  }
  value.then(
    () => by.log.warn('answered late', { ...it.about, hook: it.hook, deadline: limit }),
    error => by.log.warn('failed late', { ...it.about, hook: it.hook, cause: describeError(error) }),
  );
  throw new Blame(by, new Error(`no answer within ${limit} ms`), true);
}

/** How long a transport whose deadline has passed may take to report, in milliseconds. */
const REPORT_GRACE = 10_000;

/** The value, or `LATE` where it takes longer than so many milliseconds. */
function before(limit: number, value: Promise<unknown>, deadlines: Deadlines): Promise<unknown> {
  const late = Promise.withResolvers<typeof LATE>();
  const done = deadlines.watch(limit, () => late.resolve(LATE));
  return Promise.race([value, late.promise]).finally(done);
}

const LATE = Symbol('late');
