/**
 * What a page is written for: how wide it is, and whether there are colours.
 *
 * Guarantee: what strangers wrote goes through `safe` or `behindBar`, so that no character of it reaches the terminal's
 * controls, no line of it is longer than the screen, and no line of it begins where ours begin.
 */
import { escapeControls } from '../../system/escape.ts';
import { wrapped } from './text-width.ts';

/** Where a page is shown. */
export interface Screen {
  /** In columns. */
  readonly width: number;
  readonly colour: boolean;
}

export type Tone = 'good' | 'bad' | 'odd' | 'name' | 'faint' | 'strong';

const CODES: Readonly<Record<Tone, number>> = { good: 32, bad: 31, odd: 33, name: 36, faint: 2, strong: 1 };

/** Text of ours, or safe text, in a colour. */
export function painted(text: string, tone: Tone, { colour }: Screen): string {
  return colour && text !== '' ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text;
}

/** Marks of direction that turn nothing: in honest text of some languages, and seen by nobody. */
const MARKS = /[\u200e\u200f\u061c]/g;
const TAB = 8;

/** One line of a stranger's text: what a terminal would obey is written out. */
export function safe(text: string): string {
  return escapeControls(text.replaceAll(MARKS, ''));
}

/** The bar before text under a signature, and before all other text. */
export const BARS = { signed: '┃ ', other: '│ ' } as const;

/** Quotation marks, and what marks an item of a list: lines that go on stand below the text. */
const LEAD = /^((?:> ?)*)( *(?:[*•-] |\d{1,3}\. )?)/;

/** Lines of a stranger's text, each behind a bar, none longer than the screen. Text that is quoted is faint. */
export function behindBar(text: string, bar: string, screen: Screen): readonly string[] {
  const width = Math.max(screen.width - bar.length, 10);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.flatMap(line => {
    const shown = safe(withoutTabs(line));
    const [, quoted = '', lead = ''] = LEAD.exec(shown) ?? [];
    return wrapped(shown, width, quoted + ' '.repeat(lead.length)).map(piece => {
      const inked = quoted === '' ? piece : painted(piece, 'faint', screen);
      return `${painted(bar, 'faint', screen)}${inked}`.replace(/ +$/, '');
    });
  });
}

/** A label of ours and a text of somebody's: lines that go on stand below the text. */
export function labelled(label: string, text: string, column: number, screen: Screen): readonly string[] {
  const [first = '', ...others] = wrapped(safe(withoutTabs(text)), Math.max(screen.width - column, 10));
  return [label + first, ...others.map(line => ' '.repeat(column) + line)];
}

function withoutTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let shown = '';
  for (const piece of line.split(/(\t)/)) shown += piece === '\t' ? ' '.repeat(TAB - (shown.length % TAB)) : piece;
  return shown;
}
