/** Shows one message: as a page, with what the user's programs make of its files, or as data for programs. */
import type { Content } from '../../mail/content.ts';
import { walkParts } from '../../mime/part.ts';
import type { ReadMessage, ReadPart } from '../../reading/message.ts';
import { outlineAt, readMessage } from '../../reading/read-message.ts';
import { type Verdict, verdictsOf } from '../../reading/verdicts.ts';
import type { ShowOptions } from '../show.ts';
import type { Checked } from './checked.ts';
import { decodedPart } from './extract.ts';
import { pageInLines, type View, viewInLines } from './page.ts';
import { print } from './pager.ts';
import { terminalAsk, terminalScreen } from './terminal.ts';
import { isAllowed, readMailcaps, viewOf } from './viewer.ts';

/** So many files of one mail are looked up and asked about. */
const MOST_VIEWED = 50;

export async function look(content: Content, { facts, trace }: Checked, options: ShowOptions): Promise<void> {
  const message = await readMessage(content, { prefer: options.html === true ? 'html' : 'plain' });
  const verdicts = verdictsOf(facts, trace, message);
  if (options.json === true)
    return void process.stdout.write(`${JSON.stringify(inJson(message, verdicts), null, 2)}\n`);
  const screen = terminalScreen();
  const ask = terminalAsk();
  const types = options.run ?? [];
  const [first, later] = ask === null ? [viewed(message, types), []] : parted(viewed(message, types), types);
  const entries = first.length + later.length === 0 ? [] : await readMailcaps(process.env);
  const octets = (part: ReadPart) => () => octetsOf(content, part);
  const views = new Map<string, View>();
  for (const part of first) {
    const view = await viewOf(part, octets(part), { entries, leave: { types, ask: null } });
    if (view !== null) views.set(part.path, view);
  }
  const page = pageInLines({ message, verdicts, allHeaders: options.allHeaders === true, views }, screen);
  await print(page, options.pager);
  for (const part of later) {
    const view = await viewOf(part, octets(part), { entries, leave: { types: [], ask } });
    if (view !== null) await print(viewInLines(part, view, screen), options.pager);
  }
}

/** What is no text, and text of a type that the user names. */
function viewed({ root }: ReadMessage, types: readonly string[]): readonly ReadPart[] {
  return [...walkParts(root)]
    .filter(({ shown, type }) => shown.kind === 'file' || (shown.kind === 'text' && types.includes(type)))
    .slice(0, MOST_VIEWED);
}

/** What needs no question, and what is asked about once the page has been read. */
function parted(parts: readonly ReadPart[], types: readonly string[]) {
  return [
    parts.filter(({ type }) => isAllowed(types, type)),
    parts.filter(({ type }) => !isAllowed(types, type)),
  ] as const;
}

async function* octetsOf(content: Content, { path }: ReadPart): AsyncGenerator<Buffer> {
  const part = await outlineAt(content, path);
  if (part !== null) yield* decodedPart(content, part);
}

/** The HTML itself is left out: `--part` has it. */
function inJson(message: ReadMessage, verdicts: readonly Verdict[]): object {
  return { ...message, verdicts, root: withoutSources(message.root) };
}

function withoutSources(part: ReadPart): object {
  const { shown } = part;
  const kept = shown.kind === 'text' ? { ...shown, source: undefined } : shown;
  return { ...part, shown: kept, children: part.children.map(withoutSources) };
}
