/**
 * What becomes of one message under one configuration, as far as two configurations can be compared by it: no time, no id, no
 * path that hangs on where a configuration lies. Plain data.
 */
import type { FactValue } from '../mail/facts.ts';
import type { Verdict } from '../rehearsal/rehearsal.ts';

/** Who decided something, and what that one says about why. */
export interface Decider {
  /** A plugin's id; `mailframe`: the engine; `routes[2]`: an entry of the configuration. */
  readonly who: string;
  /** In its own words, without addresses of this one message: `aliases:3`. `null`: it says nothing. */
  readonly rule: string | null;
}

/** What a recipient leads to: itself, or one of those that an alias names. What nobody knows is `null`. */
export interface Way {
  /** The forward-path, and what is delivered to where an alias says so. */
  readonly to: string;
  /** How it came to that: `staff (aliases:3)`. */
  readonly via: readonly string[];
  /** The plugin that expanded it. */
  readonly viaBy: string | null;
  /** `delivered`, `held`, `discarded`, `returned 550 …`. */
  readonly fate: string | null;
  readonly fateBy: Decider | null;
  readonly transport: string | null;
  readonly hosts: readonly string[] | null;
  readonly routeBy: Decider | null;
  /** `delivered`, or the status and text of the reply. `null`: it is not attempted. */
  readonly outcome: string | null;
  readonly outcomeBy: Decider | null;
  /** Where it would be put: `file var/mail/…`. */
  readonly act: string | null;
  readonly content: ContentPrint | null;
  readonly facts: Readonly<Record<string, NotedFact>> | null;
}

/** Something that was found out, and the plugin that noted it. */
export interface NotedFact {
  readonly value: FactValue;
  readonly by: string | null;
}

/** What content looks like from afar. */
export interface ContentPrint {
  /** Of all octets but the Received field that the gateway adds. */
  readonly digest: string;
  /** The same, without what OpenPGP makes different every time. */
  readonly withoutChance: string;
  readonly edits: readonly Edit[];
}

/** Something that was done to content. */
export interface Edit {
  /** Without what belongs to this one message: `dropped part "…"`. */
  readonly what: string;
  /** The plugin's id. */
  readonly by: string;
}

/** One recipient that the client named. */
export interface ReplayedRecipient {
  readonly address: string;
  /** `accepted`, or the reply: `refused 550 5.7.1 Relay access denied`. */
  readonly answer: string;
  /** `null`: it was accepted. */
  readonly answeredBy: Decider | null;
  /** Empty where it was not accepted. `null`: nobody knows. */
  readonly ways: readonly Way[] | null;
}

export interface ReplayedOutcome {
  readonly verdict: Verdict;
  readonly recipients: readonly ReplayedRecipient[];
}
