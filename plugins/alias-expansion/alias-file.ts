/**
 * The format of alias files, after aliases(5): `name: target, target`, with names that may carry a domain.
 *
 * Guarantee: any text gives aliases and faults, never an exception; a text with a fault gives no table at all, so that
 * half a file is never in force. Commands, files and `:include:` lists are refused: an alias leads to addresses alone.
 */
import { parseDomain, parseLocalPart, parseMailbox } from '../../core/index.ts';
import { type Address, type Alias, type AliasKey, formatAddress, formatKey, type Target } from './alias.ts';
import { type LogicalLine, logicalLines } from './logical-line.ts';

/** What is wrong with an alias file, and where. */
export interface AliasFault {
  /** The file as the messages name it: `aliases`. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** One sentence: what is wrong and what to do. */
  readonly message: string;
}

/** What a text says. */
export interface AliasFile {
  readonly aliases: readonly Alias[];
  readonly faults: readonly AliasFault[];
}

/** What is wrong, at an offset of the logical line. Leaves this file only as a fault. */
class Misread extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A piece of a logical line, without the blanks around it. */
interface Item {
  readonly text: string;
  readonly offset: number;
}

/** Reads the text of an alias file. `file` is how messages and traces name it. */
export function parseAliases(text: string, file: string): AliasFile {
  const aliases: Alias[] = [];
  const faults: AliasFault[] = [];
  for (const line of logicalLines(text.replace(/^\ufeff/, ''))) {
    try {
      aliases.push(readAlias(line, file));
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      faults.push({ file, ...line.placeOf(error.offset), message: error.message });
    }
  }
  return { aliases, faults };
}

/** An alias as one line of an alias file, without the line end. */
export function formatAlias({ key, targets }: Pick<Alias, 'key' | 'targets'>): string {
  return `${formatKey(key)}: ${targets.map(formatTarget).join(', ')}`;
}

function formatTarget(target: Target): string {
  switch (target.kind) {
    case 'address':
      return formatAddress(target.address);
    case 'fail':
    case 'defer':
      return `:${target.kind}: ${target.text}`.trimEnd();
    case 'blackhole':
      return ':blackhole:';
  }
}

/** A quoted string, an address literal, or a run of other characters. */
const WORD = /"(?:[^"\\\n]|\\[^\n])*"|\[[^\]\n]*\]|[^",:[\]]+|[[\]]/y;

const TAKES_REST = /\s*:(?:fail|defer):/iy;

function readAlias(line: LogicalLine, file: string): Alias {
  const { text } = line;
  if (/^[ \t]/.test(text)) throw new Misread(0, 'this line goes on with an alias, but there is none above it');
  const colon = endOfWords(text, 0, ':');
  if (text[colon] !== ':') throw new Misread(0, 'an alias is written "name: target, target"; the colon is missing');
  const key = readKey(trimmed(text.slice(0, colon), 0));
  const targets = itemsOf(text, colon + 1).map(readTarget);
  if (targets.length === 0) throw new Misread(0, `${formatKey(key)} stands for nobody; name at least one target`);
  return { key, targets, at: `${file}:${line.placeOf(0).line}` };
}

/** Where the words that start at `from` end: at `stop`, at the end, or where there is no word. */
function endOfWords(text: string, from: number, stop: ':' | ','): number {
  let at = from;
  while (at < text.length && text[at] !== stop) {
    WORD.lastIndex = at;
    const word = WORD.exec(text)?.[0] ?? '';
    if (word === '' && text[at] === '"') throw new Misread(at, 'the quotation mark has no partner on its line');
    if (word === '' && stop === ':') return at;
    at += Math.max(word.length, 1);
  }
  return at;
}

/** The targets of an alias: between commas, save for `:fail:` and `:defer:`, whose text goes to the end. */
function itemsOf(text: string, from: number): readonly Item[] {
  const items: Item[] = [];
  for (let at = from; at < text.length; ) {
    TAKES_REST.lastIndex = at;
    const end = TAKES_REST.test(text) ? text.length : endOfWords(text, at, ',');
    const item = trimmed(text.slice(at, end), at);
    if (item.text !== '') items.push(item);
    at = end + 1;
  }
  return items;
}

function trimmed(text: string, offset: number): Item {
  return { text: text.trim(), offset: offset + text.length - text.trimStart().length };
}

function readKey({ text, offset }: Item): AliasKey {
  if (text.startsWith('@')) {
    const domain = parseDomain(text.slice(1));
    if (domain === null) throw new Misread(offset, `${JSON.stringify(text)} is no domain`);
    return { kind: 'catch-all', domain };
  }
  const { localPart, domain } = readAddress({ text, offset });
  const folded = localPart.toLowerCase();
  return domain === null ? { kind: 'name', localPart: folded } : { kind: 'mailbox', localPart: folded, domain };
}

function readTarget({ text, offset }: Item): Target {
  const [, word = '', rest = ''] = /^:([^:\s]*):?\s*(.*)$/s.exec(text) ?? [];
  if (text.startsWith(':')) return readDirective(word.toLowerCase(), rest, offset);
  const bare = /^"(.*)"$/s.exec(text)?.[1] ?? text;
  if (bare === '/dev/null') return { kind: 'blackhole' };
  if (bare.startsWith('|')) {
    throw new Misread(offset, 'commands are not run from an alias; deliver the mail and let the command fetch it');
  }
  if (bare.startsWith('/')) {
    throw new Misread(offset, 'files are not written from an alias; name a mailbox, or /dev/null to throw mail away');
  }
  return { kind: 'address', address: readAddress({ text, offset }) };
}

function readDirective(word: string, rest: string, offset: number): Target {
  switch (word) {
    case 'blackhole':
      if (rest !== '') throw new Misread(offset, 'nothing may follow :blackhole: but a comma');
      return { kind: 'blackhole' };
    case 'fail':
    case 'defer':
      return { kind: word, text: readReplyText(rest, offset) };
    case 'include':
      throw new Misread(offset, ':include: lists are not read; name their addresses here');
    default:
      throw new Misread(offset, `:${word}: is not known; there are :fail:, :defer: and :blackhole:`);
  }
}

/** The text goes into an SMTP reply: one line of ASCII (RFC 5321 section 4.2). */
function readReplyText(text: string, offset: number): string {
  const line = text.replaceAll(/\s+/g, ' ');
  if (!/^[\x20-\x7e]{0,400}$/.test(line)) {
    throw new Misread(offset, 'the client reads this text: at most 400 characters of printable ASCII');
  }
  return line;
}

function readAddress({ text, offset }: Item): Address {
  const mailbox = parseMailbox(text);
  if (mailbox !== null) return mailbox;
  const localPart = parseLocalPart(text);
  if (localPart === null) throw new Misread(offset, whyNoAddress(text));
  return { localPart, domain: null };
}

function whyNoAddress(text: string): string {
  if (text.includes('\ufffd')) return 'this is not UTF-8, in which alias files are written';
  const outside = text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""');
  if (outside === '') return 'a name is missing before the colon';
  if (/(?:^|\s)#/.test(outside)) return 'a comment stands on a line of its own, with # as its first character';
  if (/\s/.test(outside))
    return `${JSON.stringify(text)} has a blank in it: a comma is missing, or quotation marks around a name`;
  if (outside.includes('\\')) {
    return 'a backslash has no meaning here; an alias that names itself means the mailbox of that name';
  }
  return `${JSON.stringify(text)} is no address`;
}
