/** Alias files and expansions out of text, for the tests of their parts. */
import { formatMailbox, type Mailbox, type Table } from '../../../core/index.ts';
import { aMailbox } from '../../../core/testing.ts';
import type { Objection } from '../../../plugins/alias-expansion/alias.ts';
import { type AliasFile, parseAliases } from '../../../plugins/alias-expansion/alias-file.ts';
import { AliasTable } from '../../../plugins/alias-expansion/alias-table.ts';
import { type Expanded, expandAlias } from '../../../plugins/alias-expansion/expansion.ts';
import { readList } from '../../../plugins/alias-expansion/list-file.ts';
import { LookUp, sourceOfFile, sourceOfTable } from '../../../plugins/alias-expansion/look-up.ts';
import { ADDRESSES_ALONE } from '../../../plugins/alias-expansion/permission.ts';
import type { ExpansionRules } from '../../../plugins/alias-expansion/walk.ts';

export const CALL = { signal: new AbortController().signal };

/** Everything is allowed, but for what a test forbids. */
export function read(text: string, objects: Objection = () => null): AliasFile {
  return parseAliases({ text, file: 'aliases', objects });
}

export interface Given {
  readonly domains?: readonly string[];
  readonly delimiters?: string;
  readonly lists?: Readonly<Record<string, string>>;
  readonly tables?: readonly Table[];
  readonly rules?: Partial<ExpansionRules>;
}

export function tableOf(text: string, { domains = ['example.test', 'second.test'], delimiters = '+' }: Given = {}) {
  return AliasTable.of(read(text).aliases, { domains: new Set(domains), delimiters });
}

export async function rulesOf(text: string, given: Given = {}): Promise<ExpansionRules> {
  const table = await tableOf(text, given);
  const others = (given.tables ?? []).map(one => sourceOfTable(one, ADDRESSES_ALONE));
  return {
    lookUp: new LookUp([sourceOfFile(table), ...others], table.rules),
    members: path => readList(given.lists?.[path] ?? '', path),
    permission: { commands: { transport: 'scripts' }, paths: { transport: 'archives', below: ['/var/lists'] } },
    limit: 1000,
    depth: 50,
    keepExtension: false,
    owners: true,
    ...given.rules,
  };
}

export async function expandIn(text: string, recipient: string | Mailbox, given: Given = {}): Promise<Expanded> {
  const mailbox = typeof recipient === 'string' ? aMailbox(recipient) : recipient;
  return expandAlias(await rulesOf(text, given), mailbox, CALL);
}

/** The recipients, with what delivers them past the routes; or the kind of what came out instead. */
export async function expanded(
  text: string,
  recipient: string,
  given: Given = {},
): Promise<readonly string[] | string> {
  const result = await expandIn(text, recipient, given);
  if (result.kind !== 'recipients') return result.kind;
  return result.to.map(
    ({ to, target }) => formatMailbox(to) + (target === undefined ? '' : ` by ${target.transport}: ${target.argument}`),
  );
}
