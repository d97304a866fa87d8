/**
 * Makes one call of one plugin, contained: with its middleware around it, under its deadline, its answer looked at, and
 * written down as a step of the trace.
 *
 * Guarantee: never throws or rejects. A plugin that throws, rejects, answers nonsense, answers late or never ends here, with a log
 * line that names plugin, hook and cause. Limit: a plugin that blocks the thread cannot be interrupted.
 */
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Answer, HookContext, HookName, Subject } from '../plugin/hooks.ts';
import type { Clock } from '../plugin/ports.ts';
import { faultOf } from './answer.ts';
import { Blame, whyAndWhere } from './blame.ts';
import type { Call, Called } from './call.ts';
import { CallContext } from './call-context.ts';
import { CallRecord } from './call-record.ts';
import type { Deadlines } from './deadlines.ts';
import { withMiddleware } from './surround.ts';

/** Time, as a call needs it. */
export interface Timing {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
}

/** Makes the call. What is answered at once comes back at once: most plugins have nothing to wait for. */
export function make<H extends HookName>(it: Call<H>, { clock, deadlines }: Timing): Awaitable<Called<H>> {
  const written = new CallRecord(it, clock);
  const context = new CallContext(it.link.log, it.about, it.facts);
  const answered = (value: unknown): Called<H> => {
    context.end();
    try {
      return written.answer(soundAnswer(it.hook, value));
    } catch (error) {
      return written.failure(error);
    }
  };
  const failed = (error: unknown): Called<H> => {
    context.end();
    return written.failure(error);
  };
  try {
    const value = it.around.length === 0 ? invoke(it, it.subject, context) : withMiddleware(it, context, invoke);
    if (!(value instanceof Promise)) return answered(value);
    return inTime(value, it, context, deadlines).then(answered, failed);
  } catch (error) {
    return failed(error);
  }
}

/** @throws Error where the value is no answer to the hook. */
function soundAnswer<H extends HookName>(hook: H, value: unknown): Answer<H> | undefined {
  // `null` is what JavaScript authors write for "nothing to say".
  if (value === undefined || value === null) return undefined;
  const fault = faultOf(hook, value);
  if (fault !== null) throw new Error(fault);
  return value as Answer<H>;
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

/** How long a transport whose deadline has passed may take to report, in milliseconds. */
const REPORT_GRACE = 10_000;

/**
 * Waits for an answer until the deadline. A later one is dropped, and the log says so. A transport alone is given a little
 * more after its signal is aborted: its report of what was delivered by then keeps that from being delivered again.
 */
function inTime<H extends HookName>(
  value: Promise<unknown>,
  { hook, link, about }: Call<H>,
  context: CallContext,
  deadlines: Deadlines,
): Promise<unknown> {
  const delivers = hook === 'deliver';
  const limit = delivers ? link.deliveryDeadline : link.deadline;
  return new Promise((resolve, reject) => {
    let stopWatching = deadlines.watch(limit, () => {
      const by = context.running ?? link;
      const late = new Error(`no answer within ${limit} ms`);
      const giveUp = () => {
        reject(new Blame(by, late, true));
        value.then(
          () => by.log.warn('answered late', { ...about, hook, deadline: limit }),
          error => by.log.warn('failed late', { ...about, hook, ...whyAndWhere(by, error) }),
        );
      };
      context.abort(late);
      if (delivers) stopWatching = deadlines.watch(REPORT_GRACE, giveUp);
      else giveUp();
    });
    value.then(
      answer => {
        stopWatching();
        resolve(answer);
      },
      (error: unknown) => {
        stopWatching();
        reject(error);
      },
    );
  });
}
