/**
 * Errors that come out of no call: thrown in a timer or an event that a plugin left behind, or in a promise that nobody
 * waits for.
 *
 * A call is contained, these are not: Node would end the process at once, with all sessions and deliveries in it, and
 * whoever finds out which mail leads there could do it again and again. So they are judged by whose code they went through.
 */
import { describeWithCauses } from './mail/failure.ts';
import type { MountedPlugin } from './mounted-plugin.ts';
import { wentThroughCore } from './wiring/origin.ts';

/** How an error came to be astray. */
export type Astray = 'exception' | 'rejection';

/** What is to be told of it, and whether the gateway can go on. */
export interface StrayError {
  /** The plugin's id; `null` where it cannot be told. */
  readonly plugin: string | null;
  /** Its line. */
  readonly at: string | null;
  readonly cause: string;
  readonly stack: string | null;
  /**
   * `go on`: only what a plugin does for itself was cut off. `end`: work of the gateway was, and nobody knows how far
   * it had come. What was answered 250 is on disk in either case.
   */
  readonly verdict: 'go on' | 'end';
}

/** Judges an error. */
export function strayError(error: unknown, astray: Astray, plugins: readonly MountedPlugin[]): StrayError {
  const traced = plugins
    .map(({ id, module, originOf }) => ({ id, module, origin: originOf(error) }))
    .filter(({ origin }) => origin.isExact);
  const stack = traceOf(error);
  // Files of plugins may lie side by side, or be read by several of them.
  const culprits =
    traced.length === 1 ? traced : traced.filter(({ module }) => module !== null && stack.includes(module));
  const [first] = traced;
  return {
    plugin: culprits.length === 1 ? (culprits[0]?.id ?? null) : null,
    at: (culprits[0] ?? first)?.origin.at ?? null,
    cause: describeWithCauses(error),
    stack: (first?.origin.stack ?? stack) || null,
    verdict: verdictOn(error, astray, first !== undefined),
  };
}

/** A rejection cuts nothing off but what waited for the promise: only where that is our own work it is an end. */
function verdictOn(error: unknown, astray: Astray, isPlugins: boolean): StrayError['verdict'] {
  const isOurs = wentThroughCore(error);
  if (astray === 'rejection') return isPlugins || !isOurs ? 'go on' : 'end';
  return isPlugins && !isOurs ? 'go on' : 'end';
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}
