/** A call of one plugin that is to be made, and what can come of it. */
import type { Facts } from '../mail/facts.ts';
import type { Refusal } from '../mail/reply.ts';
import type { TraceStep } from '../mail/trace.ts';
import type { Answer, HookName, Subject } from '../plugin/hooks.ts';
import type { Link } from './link.ts';

/** A call to be made. */
export interface Call<H extends HookName> {
  readonly hook: H;
  readonly link: Link;
  readonly subject: Subject<H>;
  /** The subject in a few words, for the trace: `ann@example.test`. */
  readonly asked: string;
  readonly facts: Facts;
  /** The links above this one whose middleware applies, outermost first. */
  readonly around: readonly Link[];
  /** The session or queue id, for the log. */
  readonly about: Readonly<Record<string, string>>;
}

/** What came of it. */
export type Called<H extends HookName> =
  | { readonly kind: 'answered'; readonly answer: Answer<H>; readonly step: TraceStep }
  | { readonly kind: 'silent'; readonly step: TraceStep }
  /** It failed. `by` is who failed: the plugin itself, or one whose middleware stands around it. */
  | {
      readonly kind: 'failed';
      readonly by: Link;
      readonly reply: Refusal;
      readonly because: string;
      readonly step: TraceStep;
    };
