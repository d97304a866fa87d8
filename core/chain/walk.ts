/** Walks the links of one hook in order: who is asked, who is passed over, what is enforced. */

import { type Facts, NO_FACTS } from '../mail/facts.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import { type Answer, HOOK_NAMES, type HookName, type Subject } from '../plugin/hooks.ts';
import { wraps } from '../plugin/middleware.ts';
import type { Clock } from '../plugin/ports.ts';
import type { Called } from './call.ts';
import { holds, type View } from './condition.ts';
import { make, type Timing } from './contain.ts';
import { Deadlines } from './deadlines.ts';
import type { Refused } from './decision.ts';
import { answers, type Link } from './link.ts';
import type { ShadowWatch } from './shadow-watch.ts';

/** A hook to be walked. */
export interface Question<H extends HookName> {
  readonly hook: H;
  /** The subject in a few words, for the trace. */
  readonly asked: string;
  readonly about: Readonly<Record<string, string>>;
}

/** One answer that counts, or a failure: the caller decides whether the walk goes on. */
export type Heard<H extends HookName> =
  | { readonly kind: 'answer'; readonly link: Link; readonly answer: Answer<H> }
  | { readonly kind: 'failure'; readonly link: Link; readonly refused: Refused };

/** The list of links, and how one of them is asked. */
export class Walker {
  readonly links: readonly Link[];
  readonly #timing: Timing;
  readonly #shadow: ShadowWatch | undefined;
  readonly #answering = new Map<HookName, readonly Link[]>();
  /** The links whose middleware may apply to a call, outermost first. */
  readonly #above = new Map<HookName, Map<Link, readonly Link[]>>();

  constructor(links: readonly Link[], clock: Clock, shadow?: ShadowWatch) {
    this.links = links;
    this.#shadow = shadow;
    this.#timing = { clock, deadlines: new Deadlines(clock) };
    for (const hook of HOOK_NAMES) this.#above.set(hook, middlewareAbove(links, hook));
  }

  /** The links that answer a hook, in order. */
  answering(hook: HookName): readonly Link[] {
    let links = this.#answering.get(hook);
    if (links === undefined) {
      links = this.links.filter(link => answers(link, hook));
      this.#answering.set(hook, links);
    }
    return links;
  }

  /** Asks one link, whatever its `when` says. */
  ask<H extends HookName>(link: Link, subject: Subject<H>, question: Question<H>, view: View): Awaitable<Called<H>> {
    const above = this.#above.get(question.hook)?.get(link) ?? [];
    const around =
      above.length === 0 ? above : above.filter(one => one.when === null || holds(one.when, view) === 'yes');
    const { hook, asked, about } = question;
    const called = make({ hook, asked, about, link, subject, facts: view.facts, around }, this.#timing);
    const shadow = link.mode === 'shadow' ? this.#shadow : undefined;
    if (shadow === undefined) return called;
    const tell = (known: Called<H>): Called<H> => {
      shadow.asked(known.step, about);
      return known;
    };
    return called instanceof Promise ? called.then(tell) : tell(called);
  }

  /** Ends the watch over deadlines. */
  close(): void {
    this.#timing.deadlines.close();
  }

  /** A step that says why a link was not asked. */
  skipped(link: Link, question: Question<HookName>, why: string): TraceStep {
    return {
      at: this.#timing.clock.now().getTime(),
      hook: question.hook,
      plugin: link.id,
      mode: link.mode,
      asked: question.asked,
      answer: 'skipped',
      detail: why,
      took: 0,
      changes: [],
      facts: {},
    };
  }

  /**
   * Asks the links one after the other until `hear` says that the walk is over. Facts add up; a link in shadow mode is
   * asked and not heard.
   */
  walk<H extends HookName>(
    question: Question<H>,
    start: View,
    subject: Subject<H>,
    hear: (heard: Heard<H>) => 'go on' | 'end',
  ): Awaitable<{ readonly facts: Facts; readonly steps: Trace }> {
    const left = this.answering(question.hook).values();
    const steps: TraceStep[] = [];
    let view = start;
    const take = (link: Link, called: Called<H>): 'go on' | 'end' => {
      const { step } = called;
      steps.push(step);
      if (link.mode === 'shadow' || called.kind === 'silent') return 'go on';
      if (called.kind === 'answered' && step.facts !== NO_FACTS) {
        view = { ...view, facts: { ...view.facts, ...step.facts } };
      }
      return hear(heardFrom(link, called));
    };
    const walked = () => ({ facts: view.facts, steps });
    const goOn = (): Awaitable<ReturnType<typeof walked>> => {
      for (const link of left) {
        const met = link.when === null ? 'yes' : holds(link.when, view);
        if (met !== 'yes') {
          steps.push(this.skipped(link, question, whyNot(met)));
          continue;
        }
        const called = this.ask(link, subject, question, view);
        // The walk waits where a plugin takes its time, and only there.
        if (called instanceof Promise) return called.then(late => (take(link, late) === 'end' ? walked() : goOn()));
        if (take(link, called) === 'end') break;
      }
      return walked();
    };
    return goOn();
  }
}

/** For each link those above it. Middleware that enforces nothing would still change the call: shadow mode leaves it out. */
function middlewareAbove(links: readonly Link[], hook: HookName): Map<Link, readonly Link[]> {
  const above = new Map<Link, readonly Link[]>();
  const middleware: Link[] = [];
  for (const link of links) {
    above.set(link, [...middleware]);
    if (link.mode === 'enforce' && wraps(link.instance, hook)) middleware.push(link);
  }
  return above;
}

/** Why a link was passed over. */
export function whyNot(met: 'no' | 'unknown'): string {
  return met === 'no' ? 'its condition does not hold' : 'its condition looks at what is not known here';
}

/** A call that was not silent, as the walks see it. */
export function heardFrom<H extends HookName>(link: Link, called: Exclude<Called<H>, { kind: 'silent' }>): Heard<H> {
  if (called.kind === 'answered') return { kind: 'answer', link, answer: called.answer };
  return {
    kind: 'failure',
    link,
    refused: { kind: 'refused', reply: called.reply, by: called.by.id, because: called.because },
  };
}

/** The refusal that a reject or defer amounts to. */
export function refusal(link: Link, answer: Extract<Answer<HookName>, { kind: 'reject' | 'defer' }>): Refused {
  return { kind: 'refused', reply: answer.reply, by: link.id, because: answer.because };
}
