/** A mail as a page: header, verdicts, the tree of parts, and the texts one below the other. */

import { walkParts } from '../../mime/part.ts';
import type {
  ReadField,
  ReadHeaderFields,
  ReadMessage,
  ReadPart,
  ShownReport,
  ShownText,
} from '../../reading/message.ts';
import type { Verdict } from '../../reading/verdicts.ts';
import { BARS, behindBar, labelled, painted, type Screen, safe } from './screen.ts';
import { padded, widthOf, wrapped } from './text-width.ts';
import { describedPart, treeInLines } from './tree.ts';

/** What is to be shown. */
export interface PageParts {
  readonly message: ReadMessage;
  readonly verdicts: readonly Verdict[];
  readonly allHeaders: boolean;
  /** What the viewers of the user's mailcap made of parts, or what would be run; by path. */
  readonly views: ReadonlyMap<string, View>;
}

/** What there is to see of a part that is no text. */
export type View =
  /** The text that a program printed. */
  | { readonly kind: 'text'; readonly text: string }
  /** Words of ours. */
  | { readonly kind: 'note'; readonly text: string };

/** Labels of the header are as wide as the widest, and a blank. */
const COLUMN = 10;

/** The page, as lines for the screen. */
export function pageInLines(parts: PageParts, screen: Screen): readonly string[] {
  const { message, verdicts, allHeaders } = parts;
  const blocks = [
    headerInLines(message.root.header, screen),
    allHeaders ? othersInLines(message.root.header, screen) : [],
    [...oddities(message.root.header, screen), ...verdictsInLines(message, verdicts, screen)],
    treeInLines(message, screen),
    ...[...walkParts(message.root)].map(part => partInLines(part, parts, screen)),
  ];
  return blocks.filter(({ length }) => length > 0).flatMap((block, index) => (index === 0 ? block : ['', ...block]));
}

function headerInLines(header: ReadHeaderFields | null, screen: Screen): readonly string[] {
  return (header?.shown ?? []).flatMap(field => fieldInLines(field, screen));
}

function fieldInLines({ name, text }: ReadField, screen: Screen): readonly string[] {
  const label = painted(padded(`${safe(name)}:`, COLUMN - 1), 'name', screen);
  return labelled(`${label} `, text, COLUMN, screen);
}

/** Behind a bar: nobody must take a field that a stranger named for a line of ours. */
function othersInLines(header: ReadHeaderFields | null, screen: Screen): readonly string[] {
  return (header?.others ?? []).flatMap(({ name, text }) => behindBar(`${name}: ${text}`, BARS.other, screen));
}

function oddities(header: ReadHeaderFields | null, screen: Screen): readonly string[] {
  return (header?.oddities ?? []).flatMap(text => note('odd', text, 'odd', screen));
}

function note(label: string, text: string, tone: 'odd' | 'faint' | 'good' | 'bad' | 'strong', screen: Screen) {
  return labelled(`${painted(padded(label, COLUMN - 1), tone, screen)} `, text, COLUMN, screen);
}

/** What our plugins found, then signatures that nobody has checked, then what others claim. */
function verdictsInLines(message: ReadMessage, verdicts: readonly Verdict[], screen: Screen): readonly string[] {
  const checked = verdicts.some(({ name }) => name === 'pgp');
  const unchecked = message.signatures.filter(({ kind }) => kind !== 'OpenPGP' || !checked);
  return [
    ...verdicts.flatMap(verdict => verdictInLines(verdict, screen)),
    ...unchecked.flatMap(({ kind, covers }) =>
      note(
        kind,
        kind === 'DKIM' ? `${covers}: not checked` : `a signature over ${covers}: not checked`,
        'faint',
        screen,
      ),
    ),
    ...message.claims.flatMap(({ by, text }) => note('claimed', `${by} says ${text}`, 'faint', screen)),
  ];
}

function verdictInLines({ name, text, tone, path, by, changedSince }: Verdict, screen: Screen): readonly string[] {
  const place = path === null || path === '' ? '' : `; of part ${path}`;
  const said = `${text}${place}${by === null ? '' : ` (${by})`}`;
  const since = changedSince.map(what => `changed since: ${what}`);
  const ink = tone === 'neutral' ? 'strong' : tone;
  return [...note(name, said, ink, screen), ...since.flatMap(what => note('', what, 'odd', screen))];
}

/** What is read of a part, below a line that names it. */
function partInLines(part: ReadPart, { message, verdicts, views }: PageParts, screen: Screen): readonly string[] {
  const { shown, path, header } = part;
  const isNested = header !== null && path !== '';
  const inner = isNested ? nestedHeader(header, screen) : [];
  const body = bodyInLines(part, message, views.get(path) ?? null, screen);
  if (inner.length + body.length === 0) return [];
  const isAlone = message.root.children.length === 0 && message.coverage === 'none' && shown.kind === 'text';
  const gap = inner.length > 0 && body.length > 0 ? [painted(BARS.other.trimEnd(), 'faint', screen)] : [];
  return [...(isAlone ? [] : [titleOf(part, message, verdicts, screen)]), ...inner, ...gap, ...body];
}

/** What a program of the user made of a part, below a line that names it. */
export function viewInLines(part: ReadPart, view: View, screen: Screen): readonly string[] {
  const title = painted(
    safe(`── ${part.path === '' ? '' : `${part.path}  `}${describedPart(part)} ──`),
    'strong',
    screen,
  );
  return ['', title, ...viewLines(view, screen)];
}

function viewLines(view: View, screen: Screen): readonly string[] {
  switch (view.kind) {
    case 'text':
      return behindBar(view.text, BARS.other, screen);
    case 'note':
      return view.text.split('\n').map(line => painted(safe(line), 'faint', screen));
  }
}

function nestedHeader(header: ReadHeaderFields, screen: Screen): readonly string[] {
  const lines = header.shown.map(({ name, text }) => `${padded(`${name}:`, COLUMN - 1)} ${text}`);
  return [...lines, ...header.oddities.map(text => `(${text})`)].flatMap(line => behindBar(line, BARS.other, screen));
}

function bodyInLines(part: ReadPart, message: ReadMessage, view: View | null, screen: Screen): readonly string[] {
  const { shown, path } = part;
  const bar = part.signedBy.length > 0 ? BARS.signed : BARS.other;
  if (view !== null) return viewLines(view, screen);
  switch (shown.kind) {
    case 'text':
      if (shown.place === 'attached') return [];
      return textInLines(shown, { bar, path, isAlone: message.root.children.length === 0 }, screen);
    case 'report':
      return [...reportInLines(shown, bar, screen), ...(shown.truncated ? [more(path, screen)] : [])];
    default:
      return [];
  }
}

function textInLines(
  { text, signed, truncated, form }: ShownText,
  { bar, path, isAlone }: { readonly bar: string; readonly path: string; readonly isAlone: boolean },
  screen: Screen,
): readonly string[] {
  const lines: string[] = [];
  let at = 0;
  for (const { start, end } of signed) {
    lines.push(
      ...behindBar(text.slice(at, start), bar, screen),
      ...behindBar(text.slice(start, end), BARS.signed, screen),
    );
    at = end + 1;
  }
  lines.push(...behindBar(text.slice(at), bar, screen));
  if (lines.length === 0 && isAlone)
    lines.push(painted(form === 'html' ? '(HTML that shows no text)' : '(no text)', 'faint', screen));
  return truncated ? [...lines, more(path, screen)] : lines;
}

function more(path: string, screen: Screen): string {
  const whole = `--part ${path === '' ? '1' : path}`;
  return painted(`There is more: ${whole} has all of it.`, 'faint', screen);
}

/** Of each recipient first what became of it, then what was said. */
function reportInLines({ blocks, about }: ShownReport, bar: string, screen: Screen): readonly string[] {
  const lines = blocks.map(block => {
    const value = (name: string) => block.find(field => field.name.toLowerCase() === name)?.text ?? null;
    const recipient = value('final-recipient') ?? value('original-recipient');
    const fields = block.map(({ name, text }) => `${name}: ${text}`);
    if (about !== 'delivery' || recipient === null) return fields;
    const address = recipient.replace(/^[^;]*; */, '');
    const what = [value('action') ?? 'nothing is said', value('status')].filter(one => one !== null).join(', ');
    return [`${address}: ${what}`, ...fields.map(field => `    ${field}`)];
  });
  return lines.flatMap((block, index) => behindBar((index === 0 ? block : ['', ...block]).join('\n'), bar, screen));
}

/** `── 1.1  [signed: good] text/plain, utf-8 ──`. What we say of it stands before all that a stranger wrote. */
function titleOf(part: ReadPart, message: ReadMessage, verdicts: readonly Verdict[], screen: Screen): string {
  const { text, tone } = coverInWords(part, message, verdicts);
  const cover = text === '' ? '' : `[${text}] `;
  const start = `── ${part.path === '' ? '' : `${part.path}  `}`;
  const room = Math.max(screen.width - widthOf(start) - widthOf(cover) - 3, 20);
  const words = safe(describedPart(part));
  const cut = widthOf(words) <= room ? words : `${wrapped(words, room - 2)[0] ?? ''} …`;
  return `${painted(start, 'strong', screen)}${painted(cover, tone, screen)}${painted(`${cut} ──`, 'strong', screen)}`;
}

function coverInWords(
  part: ReadPart,
  { coverage }: ReadMessage,
  verdicts: readonly Verdict[],
): { readonly text: string; readonly tone: 'good' | 'bad' | 'odd' | 'strong' } {
  if (coverage === 'none' || part.children.length > 0) return { text: '', tone: 'strong' };
  const inside = part.shown.kind === 'text' && part.shown.signed.length > 0;
  if (part.signedBy.length === 0 && !inside) return { text: 'NOT covered by a signature', tone: 'odd' };
  const verdict = verdicts.find(
    ({ name, path }) => name === 'pgp' && path !== null && (part.signedBy.includes(path) || path === part.path),
  );
  const what = inside ? 'signed behind ┃' : 'signed';
  if (verdict === undefined) return { text: `${what}, not checked`, tone: 'strong' };
  const tone = verdict.tone === 'neutral' ? 'strong' : verdict.tone;
  return {
    text: `${what}: ${String(verdict.value)}`,
    tone: verdict.changedSince.length > 0 && tone === 'good' ? 'odd' : tone,
  };
}
