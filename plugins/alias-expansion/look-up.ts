/**
 * The look-up of a recipient in several tables: each name is looked for in all of them, in their order, before the next name.
 *
 * Guarantee: where a table cannot be asked, the look-up rejects; it never goes on as if there were no alias.
 */
import { type Awaitable, type Mailbox, type Table, TableUnavailable } from '../../core/index.ts';
import { type Alias, type AliasKey, formatKey, type Objection } from './alias.ts';
import type { AliasTable } from './alias-table.ts';
import { type AddressRules, type Candidate, candidates } from './candidates.ts';
import { readTargets } from './target.ts';
import { Misread } from './words.ts';

/** The call for which tables are asked. Its signal is made when a table first looks at it: files do not. */
export interface AskingCall {
  readonly signal: AbortSignal;
}

/** One table that is asked. */
export interface AliasSource {
  /** `patterns`: it is asked for the whole address alone. */
  readonly entries: Table['entries'];
  /** The alias of this very name. `name`: the key as `formatKey` writes it. */
  find(key: AliasKey, name: string, call: AskingCall): Awaitable<Alias | null>;
}

/** An alias that is for a recipient. */
export interface Match {
  readonly alias: Alias;
  /** What its name leaves of the local part. */
  readonly extension: string;
  /** Of the table that has it. */
  readonly entries: Table['entries'];
}

interface Question extends Candidate {
  readonly name: string;
  readonly source: AliasSource;
}

/** The tables of one moment. */
export class LookUp {
  readonly rules: AddressRules;
  readonly #sources: readonly AliasSource[];

  constructor(sources: readonly AliasSource[], rules: AddressRules) {
    this.#sources = sources;
    this.rules = rules;
  }

  /** The alias that is for this recipient: at once where no table has to be waited for. @throws TableUnavailable */
  find(mailbox: Mailbox, call: AskingCall): Awaitable<Match | null> {
    return firstOf(this.#questions(mailbox), call);
  }

  *#questions(mailbox: Mailbox): Generator<Question> {
    for (const [index, candidate] of candidates(mailbox, this.rules).entries()) {
      const name = formatKey(candidate.key);
      for (const source of this.#sources) {
        if (source.entries === 'keys' || index === 0) yield { ...candidate, name, source };
      }
    }
  }
}

function firstOf(questions: Iterator<Question>, call: AskingCall): Awaitable<Match | null> {
  for (let next = questions.next(); next.done !== true; next = questions.next()) {
    const { key, name, source, extension } = next.value;
    const { entries } = source;
    const found = source.find(key, name, call);
    if (found instanceof Promise) {
      return found.then(alias => (alias === null ? firstOf(questions, call) : { alias, extension, entries }));
    }
    if (found !== null) return { alias: found, extension, entries };
  }
  return null;
}

/** A table that is read as a whole. */
export function sourceOfFile(table: AliasTable): AliasSource {
  return { entries: 'keys', find: (_, name) => table.get(name) };
}

/** A table of any kind, whose values are written as in alias files. */
export function sourceOfTable(table: Table, objects: Objection): AliasSource {
  return {
    entries: table.entries,
    find(key, name, call) {
      const found = table.lookup(name, call.signal);
      const aliasOf = (entry: Awaited<typeof found>) =>
        entry === null ? null : aliasFrom(table, { key, values: entry.values, at: entry.source }, objects);
      return found instanceof Promise ? found.then(aliasOf) : aliasOf(found);
    },
  };
}

function aliasFrom(
  table: Table,
  { key, values, at }: { readonly key: AliasKey; readonly values: readonly string[]; readonly at: string },
  objects: Objection,
): Alias {
  try {
    const targets = values.flatMap(value => readTargets(value, 0, objects));
    if (targets.length > 0) return { key, targets, at };
    throw new Misread(0, 'there is no target');
  } catch (error) {
    if (!(error instanceof Misread)) throw error;
    throw new TableUnavailable(table.name, `what it says at ${at} makes no sense: ${error.message}`);
  }
}
