/** What rules make of a mail: for tests that compare texts. */
import { type Answer, type Facts, type Part, parseTree, walkParts } from '../../../core/index.ts';
import { type Harness, type HarnessSettings, harness, textOf } from '../../../core/testing.ts';
import mimeRewrite from '../../../plugins/mime-rewrite/index.ts';

/** A mail as lines. */
export const lines = (...all: readonly string[]) => `${all.join('\n')}\n`;

/** A multipart/mixed mail, or another one, of these parts. */
export function multipart(subtype: string, ...parts: readonly string[]): string {
  return lines(
    'From: ann@example.test',
    'MIME-Version: 1.0',
    `Content-Type: multipart/${subtype}; boundary=b`,
    '',
    ...parts.flatMap(part => ['--b', part]),
    '--b--',
  );
}

/** A part with a type, other fields and a body. */
export const part = (type: string, body: string, ...fields: readonly string[]) =>
  [`Content-Type: ${type}`, ...fields, '', body].join('\n');

/** A mail through the rules. */
export interface Outcome extends Harness {
  readonly answer: Answer<'data'> | undefined;
  /** What came out, with `\n`; `unchanged`, or the kind of another answer. */
  readonly text: string;
  readonly changes: readonly string[];
  readonly breaks: readonly string[];
}

/** `options`: those of the plugin beside the rules. */
export async function rewritten(
  rules: object | readonly object[],
  mail: string | Buffer,
  about: { readonly facts?: Facts; readonly options?: object } & HarnessSettings = {},
): Promise<Outcome> {
  const mounted = await harness(mimeRewrite, { ...about.options, rules: [rules].flat() }, about);
  const answer = await mounted.data(mail, { facts: about.facts ?? {} });
  const changes = answer?.kind === 'rewrite' ? answer.changes : [];
  return {
    ...mounted,
    answer,
    text: answer?.kind === 'rewrite' ? await textOf(answer.content) : (answer?.kind ?? 'unchanged'),
    changes: changes.map(({ what }) => what),
    breaks: changes.flatMap(({ breaks }) => breaks),
  };
}

/** The part tree in one line: `multipart/mixed(text/plain, image/png)`. */
export function treeOf(text: string): string {
  const read = parseTree(Buffer.from(text));
  if (read.kind !== 'tree') return read.what;
  const shown = ({ type, children }: Part): string => {
    const name = `${type.type}/${type.subtype}`;
    return children.length === 0 ? name : `${name}(${children.map(child => shown(child)).join(', ')})`;
  };
  return shown(read.root);
}

/** The decoded text of each leaf. */
export function leavesOf(text: string): readonly string[] {
  const read = parseTree(Buffer.from(text));
  const parts = read.kind === 'tree' ? [...walkParts(read.root)] : [];
  return parts.filter(({ children }) => children.length === 0).map(one => one.body.toString());
}
