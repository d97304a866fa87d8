/**
 * Middleware around a call: each link above that has `around` wraps all that is below it.
 *
 * Who throws is who is blamed: an error that comes out of `next` keeps the blame it had. A middleware with
 * `onError: ignore` that fails is passed over, but the call that it wraps is always made: it never opens the gate.
 */
import type { Answer, HookContext, HookName, Subject } from '../plugin/hooks.ts';
import type { HookCall, Next } from '../plugin/middleware.ts';
import { Blame, whyAndWhere } from './blame.ts';
import type { Call } from './call.ts';
import type { CallContext } from './call-context.ts';
import type { Link } from './link.ts';

type Invoke = <H extends HookName>(it: Call<H>, subject: Subject<H>, context: HookContext) => unknown;

/** Makes the call with the middleware around it. */
export function withMiddleware<H extends HookName>(
  it: Call<H>,
  context: CallContext,
  invoke: Invoke,
): Promise<unknown> {
  const innermost = async (subject: Subject<H>): Promise<unknown> => {
    context.running = it.link;
    try {
      return await invoke(it, subject, context);
    } catch (error) {
      throw new Blame(it.link, error);
    }
  };
  const descend = (depth: number, subject: Subject<H>): Promise<unknown> => {
    const link = it.around[depth];
    if (link === undefined) return innermost(subject);
    return wrap(link, { ...it, subject }, context, changed => descend(depth + 1, changed));
  };
  return descend(0, it.subject);
}

async function wrap<H extends HookName>(
  link: Link,
  it: Call<H>,
  context: CallContext,
  below: (subject: Subject<H>) => Promise<unknown>,
): Promise<unknown> {
  let inner: Promise<unknown> | null = null;
  const next: Next = delivery => {
    if (inner !== null) return Promise.reject(new Blame(link, new Error('called next twice')));
    if (delivery !== undefined && it.hook !== 'deliver')
      return Promise.reject(new Blame(link, new Error(`changed the subject of ${it.hook}`)));
    inner = below(delivery ?? it.subject);
    const back = () => {
      context.running = link;
    };
    // First to hear of it: whoever has called it runs after that.
    inner.then(back, back);
    return inner as Promise<Answer<HookName> | undefined>;
  };
  context.running = link;
  try {
    return await link.instance.around?.(hookCall(it, context), next);
  } catch (error) {
    const blame = error instanceof Blame ? error : new Blame(link, error);
    if (blame.by !== link || link.onError !== 'ignore') throw blame;
    link.log.error('failed', { ...it.about, hook: it.hook, around: it.link.id, ...whyAndWhere(link, blame.cause) });
    return inner ?? below(it.subject);
  }
}

/** A call as middleware sees it: `hook` and `subject` belong together, which TypeScript cannot follow. */
function hookCall<H extends HookName>(it: Call<H>, context: HookContext): HookCall {
  return { hook: it.hook, plugin: it.link.id, subject: it.subject, context } as unknown as HookCall;
}
