/** What a plugin is: a definition (name, options, needs) and the instance that it creates for each entry of the list. */
import type { z } from 'zod';
import type { Mailbox } from '../mail/address.ts';
import type { Unfolding } from '../mail/unfolding.ts';
import type { About } from './about.ts';
import type { Awaitable } from './awaitable.ts';
import type { Fact } from './fact.ts';
import type { Delivery, HookContext, HookName, Hooks } from './hooks.ts';
import type { Around } from './middleware.ts';
import type { Observer } from './observer.ts';
import type { Preview } from './preview.ts';
import type { Needs, Resolved } from './token.ts';

/** The version of this contract. A plugin built for another one is refused at boot. */
export const API_VERSION = 1;

/** Something wrong with a plugin's options that a schema cannot see: a missing file, a syntax error in a table. */
export interface OptionComplaint {
  /** Where in the options: `['rules', 0, 'do']`. */
  readonly path: readonly (string | number)[];
  /** What is wrong and what to do, in one sentence. */
  readonly message: string;
}

/** A transport that an option names. */
export interface LeadsTo {
  readonly transport: string;
  /** Where in the options: `['commands']`. */
  readonly path: readonly (string | number)[];
}

/** What `create` returns: answers to some hooks, and optionally middleware, an observer, a beginning and an end. */
export type PluginInstance = Hooks & {
  /** Wraps the calls of the plugins listed below this one. */
  readonly around?: Around;
  /** The hooks whose calls `around` wraps. Left out: every hook's. What it leaves alone costs nothing. */
  readonly surrounds?: readonly HookName[];
  /** The transports that its recipients are led to past the routes (`Expansion.target`). */
  readonly leadsTo?: readonly LeadsTo[];
  /**
   * Shows what a recipient stands for, step by step, to whoever looks at the configuration: `mailframe alias test`. Asks as
   * `rcpt` does, and does nothing else. `null`: it stands for itself.
   */
  unfold?(recipient: Mailbox, signal: AbortSignal): Awaitable<Unfolding | null>;
  /**
   * For a plugin that answers `deliver`: what it would do with a delivery, told and not done. Asked in its place where a mail is
   * only rehearsed. Without it, a rehearsal shows what the transport would be given and no more. Who is in none of the previews
   * is deferred.
   */
  preview?(delivery: Delivery, context: HookContext): Awaitable<readonly Preview[]>;
  /** What it says of itself to `mailframe check`. */
  readonly about?: About;
  readonly observe?: Observer;
  /** Called once before the first session. May act: open files, start timers. A rejection stops the boot. */
  start?(): Awaitable<void>;
  /** Called once after the last session, in reverse order of the list, with a deadline. */
  close?(): Awaitable<void>;
};

/** What `create` is given: the options as the schema made them, and the services asked for. */
export type Creation<O, N extends Needs> = Resolved<N> & { readonly options: O };

/** Forbids what is no hook, so that a misspelt one does not compile. */
export type OnlyKnown<I> = { readonly [K in Exclude<keyof I, keyof PluginInstance>]: never };

/** What `definePlugin` takes. */
export interface PluginDefinition<S extends z.ZodType, N extends Needs, I extends PluginInstance = PluginInstance> {
  /** As in `use:`; lower case with hyphens. */
  readonly name: string;
  /** One sentence for `mailframe plan`. */
  readonly summary?: string;
  /** The schema of `options:`. Without one, options are refused. */
  readonly options?: S;
  readonly needs?: N;
  /** The facts that it writes. */
  readonly facts?: readonly Fact[];
  /**
   * For a plugin that answers `deliver`: whether it needs `hosts`. `to-hosts`: the routes or a `route` hook must name
   * them. `here`: it delivers on this machine.
   */
  readonly delivers?: 'here' | 'to-hosts';
  /** Looks at what the options refer to. Runs for `mailframe check` and before `create`; must not act. */
  check?(creation: Creation<z.output<S>, N>): Awaitable<readonly OptionComplaint[]>;
  /** Makes an instance. Must not act: that is what `start` is for. */
  create(creation: Creation<z.output<S>, N>): Awaitable<I & OnlyKnown<I>>;
}

/** A plugin as the wiring sees it. Made by `definePlugin` alone. */
export interface Plugin {
  readonly apiVersion: number;
  readonly name: string;
  readonly summary: string | null;
  readonly options: z.ZodType | null;
  readonly needs: Needs;
  readonly facts: readonly Fact[];
  readonly delivers: 'here' | 'to-hosts' | null;
  check(creation: Creation<unknown, Needs>): Awaitable<readonly OptionComplaint[]>;
  create(creation: Creation<unknown, Needs>): Awaitable<PluginInstance>;
}

/**
 * Defines a plugin. The default export of a plugin's module.
 * @example
 * export default definePlugin({
 *   name: 'no-vowels',
 *   options: z.strictObject({ domain: domainName() }),
 *   create: ({ options }) => ({
 *     rcpt({ recipient: { forwardPath } }) {
 *       if (forwardPath.domain !== options.domain) return;
 *       return /[aeiou]/i.test(forwardPath.localPart) ? accept : reject(550, '5.1.1', 'No such mailbox');
 *     },
 *   }),
 * });
 */
export function definePlugin<
  S extends z.ZodType = z.ZodType<undefined>,
  const N extends Needs = Readonly<Record<string, never>>,
  I extends PluginInstance = PluginInstance,
>(definition: PluginDefinition<S, N, I>): Plugin {
  // The two erasures below are the variance points of the contract: the wiring gives `create` exactly what `options`
  // and `needs` of the same definition ask for.
  const erased = definition as unknown as PluginDefinition<z.ZodType, Needs>;
  return {
    apiVersion: API_VERSION,
    name: definition.name,
    summary: definition.summary ?? null,
    options: definition.options ?? null,
    needs: definition.needs ?? {},
    facts: definition.facts ?? [],
    delivers: definition.delivers ?? null,
    check: creation => erased.check?.(creation) ?? [],
    create: creation => erased.create(creation),
  };
}
