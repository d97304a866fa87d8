/** The tree of a mail's parts, a line for each: number, type, size, name, and whether a signature covers it. */
import type { ReadMessage, ReadPart } from '../../reading/message.ts';
import { octetsInWords } from '../queue/words.ts';
import { painted, type Screen, safe } from './screen.ts';
import { padded, widthOf, wrapped } from './text-width.ts';

/** More lines are not shown of a tree. */
const MOST_LINES = 400;
const LONGEST_NAME = 200;

interface Row {
  readonly branch: string;
  readonly below: string;
  readonly part: ReadPart;
}

/** The tree, as lines for the screen. Empty where there is nothing to tell: a mail of one text. */
export function treeInLines(message: ReadMessage, screen: Screen): readonly string[] {
  const { root, coverage } = message;
  if (root.children.length === 0 && root.name === null && root.shown.kind === 'text') return [];
  const rows = [...rowsOf({ branch: '', below: '', part: root })];
  const shown = rows.slice(0, MOST_LINES);
  const heads = shown.map(({ branch, part }) => `${branch}${part.path === '' ? '' : `${part.path} `}`);
  const width = Math.min(
    heads.reduce((most, head) => Math.max(most, widthOf(head)), 0),
    Math.floor(screen.width / 2),
  );
  const lines = shown.flatMap(({ below, part }, index) => {
    const head = painted(padded(heads[index] ?? '', width), 'faint', screen);
    const mark = coverage === 'none' ? null : markOf(part);
    const words = `${mark === null ? '' : `[${mark}] `}${describedPart(part)}`;
    const [first = '', ...others] = wrapped(safe(words), Math.max(screen.width - width, 20));
    const inked = mark === 'not signed' ? first.replace('[not signed]', painted('[not signed]', 'odd', screen)) : first;
    return [head + inked, ...others.map(line => painted(padded(below, width), 'faint', screen) + line)];
  });
  const more = rows.length - shown.length;
  return more === 0 ? lines : [...lines, `… and ${more} more parts`];
}

function* rowsOf(row: Row): Generator<Row> {
  yield row;
  const { children } = row.part;
  for (const [index, child] of children.entries()) {
    const isLast = index === children.length - 1;
    yield* rowsOf({
      branch: `${row.below}${isLast ? '└─ ' : '├─ '}`,
      below: `${row.below}${isLast ? '   ' : '│  '}`,
      part: child,
    });
  }
}

/** `image/png, 12.1 KiB, "cat.png"`: one line, not yet safe for a terminal. */
export function describedPart(part: ReadPart): string {
  const { type, name, otherNames, size, description, shown, disposition, parameters, header, path } = part;
  const names = [name, ...otherNames].filter(one => one !== null).map(quoted);
  const about = [
    type,
    ...(shown.kind === 'text' ? [shown.charset + (shown.charsetKnown ? '' : ' (unknown here)')] : []),
    ...(size === null ? [] : [octetsInWords(size)]),
    ...(names.length === 0 ? [] : [names[0] ?? '']),
    ...(names.length > 1 ? [`also called ${names.slice(1, 4).join(' and ')}`] : []),
    ...(description === null || description === name ? [] : [`"${cut(description)}"`]),
    ...(disposition === null || (disposition === 'inline' && shown.kind === 'text') ? [] : [cut(disposition)]),
    ...(header !== null && path !== '' ? ['a mail of its own'] : []),
    ...whatItIs(part, parameters.protocol ?? null),
  ];
  return about.join(', ');
}

function whatItIs({ shown }: ReadPart, protocol: string | null): readonly string[] {
  switch (shown.kind) {
    case 'other-form':
      return [`another form of ${shown.of}`];
    case 'encrypted':
      return [`encrypted with ${shown.by}${protocol === null ? '' : ` (${cut(protocol)})`}`];
    case 'too-complex':
      return [
        `not taken apart: more than ${shown.limit} ${shown.what === 'headers' ? 'octets of headers' : shown.what}`,
      ];
    default:
      return [];
  }
}

/** It stands before all that a stranger wrote, so that no name of a file can pass for it. */
function markOf({ signedBy, children, shown }: ReadPart): 'signed' | 'signed inside' | 'not signed' | null {
  if (children.length > 0 || shown.kind === 'signature') return null;
  if (signedBy.length > 0) return 'signed';
  return shown.kind === 'text' && shown.signed.length > 0 ? 'signed inside' : 'not signed';
}

function quoted(name: string): string {
  return `"${cut(name)}"`;
}

function cut(text: string): string {
  return text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text;
}
