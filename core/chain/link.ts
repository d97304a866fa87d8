/** A link: one plugin of the configuration's list, as the chain sees it. */
import type { Condition } from '../mail/condition.ts';
import type { Origin } from '../mail/origin.ts';
import type { HookName } from '../plugin/hooks.ts';
import type { PluginInstance } from '../plugin/plugin.ts';
import type { Log } from '../plugin/ports.ts';

/** What becomes of a call that failed or missed its deadline. */
export type OnError = 'defer' | 'reject' | 'ignore';

export interface Link {
  /** Its id in the configuration. */
  readonly id: string;
  readonly instance: PluginInstance;
  /** It is asked only where this holds. `null`: always. */
  readonly when: Condition | null;
  /** `shadow`: it is asked, its answer is recorded, and nothing comes of it. */
  readonly mode: 'enforce' | 'shadow';
  readonly onError: OnError;
  /** In milliseconds, for every hook but `deliver`. */
  readonly deadline: number;
  /** In milliseconds, for `deliver`. */
  readonly deliveryDeadline: number;
  /** For a transport, whether it needs hosts; `null` for any other plugin. */
  readonly delivers: 'here' | 'to-hosts' | null;
  readonly log: Log;
  /** Where in the plugin's files an error comes from. Never throws. */
  readonly originOf: (error: unknown) => Origin;
}

/** Whether the plugin answers a hook. */
export function answers(link: Link, hook: HookName): boolean {
  return typeof link.instance[hook] === 'function';
}
