/** The plugins that sign, encrypt and open, by themselves: a mail in, the mail that they make of it out. */
import { type Facts, type Part, type Plugin, parseTree } from '../../../core/index.ts';
import { harness } from '../../../core/testing.ts';

/** The time of the tests, for us and for GnuPG. */
export const NOW = new Date('2026-11-23T12:00:00Z');
export const AT_NOW = '20261123T120000';
export const MADE = '20260101T000000';

/** What a plugin made of a mail. */
export interface Made {
  readonly kind: string;
  /** The mail, with CRLF line ends, as it goes on. */
  readonly mail: string;
  readonly facts: Facts;
  readonly changes: readonly string[];
  readonly breaks: readonly string[];
}

/** Gives one mail to a plugin. */
export async function make(
  plugin: Plugin,
  options: object,
  mail: string,
  {
    files,
    to = ['bob@example.test'],
  }: { readonly files: Readonly<Record<string, string>>; readonly to?: readonly string[] },
): Promise<Made> {
  const { data } = await harness(plugin, options, { files, now: NOW });
  const answer = await data(mail, { to });
  const before = mail.replaceAll(/\r?\n/g, '\r\n');
  if (answer?.kind !== 'rewrite') {
    return {
      kind: answer?.kind ?? 'silence',
      mail: before,
      facts: answer?.kind === 'note' ? answer.facts : {},
      changes: [],
      breaks: [],
    };
  }
  return {
    kind: 'rewrite',
    mail: (await answer.content.bytes()).toString('latin1'),
    facts: answer.facts,
    changes: answer.changes.map(({ what }) => what),
    breaks: answer.changes.flatMap(({ breaks }) => breaks),
  };
}

/** The mail as a tree. */
export function treeOf(mail: string): Part {
  const tree = parseTree(Buffer.from(mail, 'latin1'));
  if (tree.kind === 'too-complex') throw new Error('too complex');
  return tree.root;
}

/** The parts of a mail that has so many. */
export function parts(mail: string, count: number): readonly Part[] {
  const { children } = treeOf(mail);
  if (children.length !== count) throw new Error(`${children.length} parts, not ${count}:\n${mail}`);
  return children;
}
