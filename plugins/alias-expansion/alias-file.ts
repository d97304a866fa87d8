/**
 * The format of alias files, after aliases(5) and virtual(5): `name: target, target`, or `name target, target`, with names
 * that may carry a domain.
 *
 * Guarantee: any text gives aliases and faults, never an exception; a text with a fault gives no table at all, so that
 * half a file is never in force.
 */
import { type Alias, type AliasKey, formatKey, formatTarget, type Objection } from './alias.ts';
import { type LogicalLine, logicalLines } from './logical-line.ts';
import { readAddress, readDomain, readTargets } from './target.ts';
import { type Item, Misread, nameOf } from './words.ts';

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

/** A text, and under which rules it is read. */
export interface AliasText {
  readonly text: string;
  /** How messages and traces name it. */
  readonly file: string;
  readonly objects: Objection;
}

/** Reads the text of an alias file, an entry at a time. */
export function* readAliases({ text, file, objects }: AliasText): Generator<Alias | AliasFault> {
  for (const line of logicalLines(text.replace(/^\ufeff/, ''))) {
    try {
      yield readAlias(line, file, objects);
    } catch (error) {
      if (!(error instanceof Misread)) throw error;
      yield { file, ...line.placeOf(error.offset), message: error.message };
    }
  }
}

/** Reads all of it. */
export function parseAliases(text: AliasText): AliasFile {
  const aliases: Alias[] = [];
  const faults: AliasFault[] = [];
  for (const one of readAliases(text)) {
    if (isFault(one)) faults.push(one);
    else aliases.push(one);
  }
  return { aliases, faults };
}

export function isFault(one: Alias | AliasFault): one is AliasFault {
  return 'message' in one;
}

/** `aliases:3:8: what is wrong`. */
export function formatFault({ file, line, column, message }: AliasFault): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** An alias as one line of an alias file, without the line end. */
export function formatAlias({ key, targets }: Pick<Alias, 'key' | 'targets'>): string {
  return `${formatKey(key)}: ${targets.map(formatTarget).join(', ')}`;
}

function readAlias(line: LogicalLine, file: string, objects: Objection): Alias {
  const { text } = line;
  if (/^[ \t]/.test(text)) throw new Misread(0, 'this line goes on with an alias, but there is none above it');
  const { name, rest } = nameOf(text);
  const key = readKey(name);
  const targets = readTargets(text, rest, objects);
  if (targets.length === 0) throw new Misread(0, `${formatKey(key)} stands for nobody; name at least one target`);
  return { key, targets, at: `${file}:${line.placeOf(0).line}` };
}

function readKey(name: Item): AliasKey {
  if (name.text.startsWith('@')) return { kind: 'catch-all', domain: readDomain(name) };
  const { localPart, domain } = readAddress(name);
  const folded = localPart.toLowerCase();
  return domain === null ? { kind: 'name', localPart: folded } : { kind: 'mailbox', localPart: folded, domain };
}
