/** Middleware: code around every plugin call that stands below it in the configuration's list. */
import type { Awaitable } from './awaitable.ts';
import type { Answer, Delivery, HookContext, HookName, Subject } from './hooks.ts';

/** One call of one plugin that is about to be made. */
export type HookCall = {
  readonly [H in HookName]: {
    readonly hook: H;
    /** The id of the plugin that is called. */
    readonly plugin: string;
    readonly subject: Subject<H>;
    readonly context: HookContext;
  };
}[HookName];

/** Makes the call. At `deliver`, and there alone, another delivery may be passed on: signed, encrypted, edited. */
export type Next = (delivery?: Delivery) => Promise<Answer<HookName> | undefined>;

/**
 * Wraps a call. It must call `next` at most once and give an answer that the hook knows; anything else counts as a
 * failure of the middleware's plugin and is contained like one.
 */
export type Around = (call: HookCall, next: Next) => Awaitable<Answer<HookName> | undefined>;

/** Whether a plugin's middleware wraps the calls of a hook. */
export function wraps(
  { around, surrounds }: { readonly around?: Around; readonly surrounds?: readonly HookName[] },
  hook: HookName,
): boolean {
  return around !== undefined && (surrounds?.includes(hook) ?? true);
}
