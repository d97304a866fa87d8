/**
 * The attributes of XCLIENT and XFORWARD: `NAME=value`, the value in xtext (Postfix's XCLIENT_README and XFORWARD_README,
 * RFC 3461 section 4).
 *
 * Guarantees: all attributes of a command are right, or none counts; each is there once; and no value holds a control
 * character, whatever its xtext stood for. Nothing that a peer wrote stands in a refusal.
 */
import { parseDomain } from '../mail/domain.ts';
import { parseIpv4, parseIpv6, unmapped } from '../mail/ip-address.ts';
import { parseParameters } from '../mail/parameters.ts';
import { decodeXtext } from '../mail/xtext.ts';
import { type CommandRefused, refusedWith } from './parameter-rules.ts';
import { badAttribute, badAttributeValue, syntax } from './replies.ts';

/** Reads the decoded text of a value. `undefined`: the attribute cannot have this value. */
export type AttributeRule<T> = (text: string) => T | undefined;

export type AttributeRules<A> = { readonly [K in keyof A]: AttributeRule<A[K]> };

/** The attributes that were given. */
export interface GivenAttributes<A> {
  readonly kind: 'attributes';
  readonly given: Partial<A>;
}

/** XCLIENT_README, note 1. In characters, as it was written. */
const LONGEST_VALUE = 255;
const IPV6_PREFIX = 'IPV6:';
const PORT = /^\d{1,5}$/;
const UNAVAILABLE = '[UNAVAILABLE]';

/** Reads what stands after the verb. */
export function readAttributes<A extends object>(
  verb: string,
  argument: string,
  rules: AttributeRules<A>,
): GivenAttributes<A> | CommandRefused {
  const parsed = parseParameters(` ${argument}`);
  if (parsed.kind === 'malformed' || parsed.list.length === 0) return refusedWith(syntax(`${verb} attribute=value...`));
  const given: Partial<A> = {};
  for (const { keyword, value } of parsed.list) {
    if (!isKnown(rules, keyword)) return refusedWith(badAttribute(`There is no such attribute of ${verb}`));
    if (keyword in given) return refusedWith(badAttribute(`The attribute ${keyword} is there twice`));
    const text = value === null || value.length > LONGEST_VALUE ? null : decodeXtext(value);
    const read = text === null ? undefined : rules[keyword](text);
    if (read === undefined) return refusedWith(badAttributeValue(keyword));
    given[keyword] = read;
  }
  return { kind: 'attributes', given };
}

function isKnown<A extends object>(rules: AttributeRules<A>, name: string): name is keyof A & string {
  return Object.hasOwn(rules, name);
}

/** What the rule reads, or `null` for `[UNAVAILABLE]`. */
export function orUnavailable<T>(rule: AttributeRule<T>): AttributeRule<T | null> {
  return text => (text.toUpperCase() === UNAVAILABLE ? null : rule(text));
}

/** A host name, and no address: canonical. */
export const hostName: AttributeRule<string> = text => {
  const domain = text.startsWith('[') ? null : parseDomain(text);
  return domain ?? undefined;
};

/** An IPv4 address, or an IPv6 address after `IPV6:`: canonical. */
export const address: AttributeRule<string> = text => {
  if (!text.toUpperCase().startsWith(IPV6_PREFIX)) return parseIpv4(text) ?? undefined;
  const found = parseIpv6(text.slice(IPV6_PREFIX.length));
  return found === null ? undefined : unmapped(found);
};

export const port: AttributeRule<number> = text =>
  PORT.test(text) && Number(text) <= 0xffff ? Number(text) : undefined;

/** One of these words, in any case. */
export function oneOf<const W extends string>(...words: readonly W[]): AttributeRule<W> {
  return text => words.find(word => word === text.toUpperCase());
}
