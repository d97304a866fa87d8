/**
 * Patterns and what they give, as in regexp_table(5) and pcre_table(5) of Postfix.
 *
 * Guarantee (regular expression denial of service): the time that a key takes grows with its length and no faster,
 * whatever the pattern, because what matches is an automaton that never goes back. Back references and look-around, for
 * which there is none, are refused when the patterns are read.
 */
import { RE2JS } from 're2js';
import { describeError } from '../mail/failure.ts';
import type { Entry } from '../plugin/table.ts';

/** What a line says. */
type Statement =
  | { readonly kind: 'rule'; readonly pattern: Pattern; readonly result: readonly Piece[]; readonly source: string }
  | { readonly kind: 'if'; readonly pattern: Pattern; readonly source: string }
  | { readonly kind: 'endif' };

interface Pattern {
  readonly re: RE2JS;
  /** `!/pattern/`: what does not match. */
  readonly negated: boolean;
}

/** Text, or the number of a group. */
type Piece = string | number;

/** Rules in their order; those of an `if` are asked only where it holds. */
export type Rules = readonly Rule[];

type Rule =
  | Extract<Statement, { kind: 'rule' }>
  | { readonly kind: 'block'; readonly pattern: Pattern; readonly rules: Rules };

/** A line of a file, or an entry of the configuration, and where it stands. */
export interface Written {
  readonly text: string;
  readonly source: string;
}

/** The rules, or one sentence for each fault, which begins with its place. */
export interface ReadRules {
  readonly rules: Rules;
  readonly faults: readonly string[];
}

export function readRules(lines: readonly Written[]): ReadRules {
  const faults: string[] = [];
  const top: Rule[] = [];
  const open: { readonly source: string; readonly outer: Rule[] }[] = [];
  let rules = top;
  for (const { text, source } of lines) {
    const statement = readStatement(text, source);
    if (typeof statement === 'string') faults.push(`${source}: ${statement}`);
    else if (statement.kind === 'rule') rules.push(statement);
    else if (statement.kind === 'if') {
      const inner: Rule[] = [];
      rules.push({ kind: 'block', pattern: statement.pattern, rules: inner });
      open.push({ source, outer: rules });
      rules = inner;
    } else {
      const block = open.pop();
      if (block === undefined) faults.push(`${source}: endif without an if`);
      else rules = block.outer;
    }
  }
  faults.push(...open.map(block => `${block.source}: if without an endif`));
  return { rules: top, faults };
}

/** What the first rule gives that holds for the key. */
export function applyRules(rules: Rules, key: string): Entry | null {
  for (const rule of rules) {
    if (rule.pattern.re.test(key) === rule.pattern.negated) continue;
    if (rule.kind === 'rule') return { values: [resultOf(rule.pattern.re, rule.result, key)], source: rule.source };
    const entry = applyRules(rule.rules, key);
    if (entry !== null) return entry;
  }
  return null;
}

function resultOf(re: RE2JS, result: readonly Piece[], key: string): string {
  if (result.every(piece => typeof piece === 'string')) return result.join('');
  const matcher = re.matcher(key);
  matcher.find();
  return result.map(piece => (typeof piece === 'string' ? piece : (matcher.group(piece) ?? ''))).join('');
}

/** A pattern between two of the same mark, its flags, and what is behind. A mark in the pattern has a backslash. */
const FORM = /^(if\b)?\s*(!?)\s*([^\w\s\\])((?:\\.|(?!\3)[^\\])*)\3([a-zA-Z]*)(?:\s+(.*))?$/s;

/** A statement, or what is wrong with the line. */
function readStatement(text: string, source: string): Statement | string {
  if (/^endif\b/i.test(text)) return { kind: 'endif' };
  const [, condition, negation, mark = '', written = '', flags = '', result = ''] = FORM.exec(text) ?? [];
  if (mark === '') return 'a pattern is expected, such as /^list-(.*)@/ lists+$1';
  const re = compile(written, flags);
  if (typeof re === 'string') return re;
  const pattern = { re, negated: negation === '!' };
  if (condition !== undefined) {
    return result === '' ? { kind: 'if', pattern, source } : 'nothing may stand behind the pattern of an if';
  }
  if (result === '') return 'the pattern has no result: write it behind the pattern';
  const pieces = readResult(result);
  const groups = pieces.filter(piece => typeof piece === 'number');
  if (pattern.negated && groups.length > 0) return 'a pattern that must not match has no groups for the result';
  const missing = groups.find(group => group > re.groupCount());
  if (missing !== undefined) return `the result names $${missing}, but the pattern has ${re.groupCount()} groups`;
  return { kind: 'rule', pattern, result: pieces, source };
}

const FLAGS: Readonly<Record<string, number>> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
};

/** As in Postfix, case does not count and a dot is any character, until a flag says otherwise. */
function compile(pattern: string, flags: string): RE2JS | string {
  let bits = RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL;
  for (const flag of flags) {
    const bit = FLAGS[flag];
    if (bit === undefined) return `there is no flag ${flag}; there are i, m and s`;
    bits ^= bit;
  }
  try {
    return RE2JS.compile(pattern, bits);
  } catch (error) {
    return `${describeError(error)}; patterns are those of RE2, without look-around and back references`;
  }
}

/** `$1`, `${1}` and `$(1)` are groups, `$$` is a dollar. Any other dollar is one as well. */
function readResult(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const [piece, plain, braces, brackets] of text.matchAll(/\$(?:\$|(\d+)|\{(\d+)\}|\((\d+)\))|[^$]+|\$/g)) {
    const group = plain ?? braces ?? brackets;
    if (group !== undefined) pieces.push(Number(group));
    else pieces.push(piece === '$$' ? '$' : piece);
  }
  return pieces;
}
