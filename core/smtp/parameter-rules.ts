/** Reads the ESMTP parameters of a command against the list of those that it knows (RFC 5321 section 4.1.1.11). */
import { parseParameters } from '../mail/parameters.ts';
import type { PermanentReply } from '../mail/reply.ts';
import { badParameter, badValue, unknownParameter } from './replies.ts';

/** Whether a value is one that the parameter may have; `null`: the parameter stands without one. */
export type ParameterRules = Readonly<Record<string, (value: string | null) => boolean>>;

/** A command that is not carried out. */
export interface CommandRefused {
  readonly kind: 'refused';
  readonly reply: PermanentReply;
}

/** Parameters that are known, right, and there once each. */
export interface GivenParameters {
  readonly kind: 'given';
  /** By keyword in upper case. */
  readonly values: ReadonlyMap<string, string | null>;
}

export function refusedWith(reply: PermanentReply): CommandRefused {
  return { kind: 'refused', reply };
}

/** What follows `FROM:` or `TO:`. Blanks after the colon are no syntax but common, and harmless. */
export function afterKeyword(argument: string, keyword: string): string | null {
  const found = argument.slice(0, keyword.length).toUpperCase() === keyword;
  if (!found) return null;
  const rest = argument.slice(keyword.length);
  return rest.startsWith(' ') ? rest.replace(/^ +/, '') : rest;
}

const NOTHING_GIVEN: GivenParameters = { kind: 'given', values: new Map() };

/** Reads what stands after the `>`. */
export function readParameters(rest: string, rules: ParameterRules): GivenParameters | CommandRefused {
  const parsed = parseParameters(rest);
  if (parsed.kind === 'malformed') return refusedWith(badParameter(`Bad parameters: ${parsed.reason}`));
  if (parsed.list.length === 0) return NOTHING_GIVEN;
  const values = new Map<string, string | null>();
  for (const { keyword, value } of parsed.list) {
    const rule = Object.hasOwn(rules, keyword) ? rules[keyword] : undefined;
    if (rule === undefined) return refusedWith(unknownParameter(keyword));
    if (values.has(keyword)) return refusedWith(badParameter(`The parameter ${keyword} is there twice`));
    if (!rule(value)) return refusedWith(badValue(keyword));
    values.set(keyword, value);
  }
  return { kind: 'given', values };
}
