/**
 * YAML text to plain data, with the position of every key and value. The only file that knows the yaml package.
 *
 * Guarantee: no text, however broken, makes it throw. Keys that stand twice, unknown tags, missing files and variables
 * are complaints at their position; what is broken is marked, so that nobody complains about it again.
 *
 * Duplicate keys are found here with a map: the package compares each key with all others, which takes seconds on
 * tables of some thousand entries.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path';
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { ErrorCode, Position } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import type { Complaint } from './complaint.ts';
import type { ConfigDocument, Path, Place } from './place.ts';
import { type Env, envValue, type Given, readText, secretFrom } from './tags.ts';

/** A document as far as it could be read. `null`: not even its outline. */
export interface Reading {
  readonly document: ConfigDocument | null;
  readonly complaints: readonly Complaint[];
  /** The absolute paths of all files that were read, or were to be read. */
  readonly files: readonly string[];
}

/** Values in all files together, aliases counted as often as they are used: a few lines of them can stand for billions. */
const MOST_VALUES = 500_000;
const DEEPEST = 100;

const TAGS = ['!env', '!secret', '!include'] as const;

/** One file that is being read. */
interface Source {
  /** As complaints name it. */
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly anchors: Map<string, Node>;
  /** The absolute paths of this file and of those that include it. */
  readonly within: readonly string[];
}

/** Where the reader stands. */
interface Here {
  readonly source: Source;
  readonly path: Path;
}

/** Reads a configuration file and all that it includes. */
export function readConfiguration(file: string, env: Env): Reading {
  const text = readText(file);
  if (text.kind === 'given') return readConfigurationText(text.value, file, env);
  return {
    document: null,
    files: [resolve(file)],
    complaints: [
      { severity: 'error', code: 'MF_CONFIG_FILE', path: [], message: text.message, file, line: 1, column: 1 },
    ],
  };
}

/** Reads a configuration from text. `file` is the name for complaints, and what paths inside are relative to. */
export function readConfigurationText(text: string, file: string, env: Env): Reading {
  const reader = new Reader(env);
  const document = reader.read(text, { file, path: [], within: [resolve(file)] });
  const files = [resolve(file), ...reader.files];
  return { document: document.place.broken ? null : document, complaints: reader.complaints, files };
}

class Reader {
  readonly complaints: Complaint[] = [];
  /** Beside the first one. */
  readonly files = new Set<string>();
  readonly #env: Env;
  #left = MOST_VALUES;

  constructor(env: Env) {
    this.#env = env;
  }

  read(
    text: string,
    from: { readonly file: string; readonly path: Path; readonly within: readonly string[] },
  ): ConfigDocument {
    const lines = new LineCounter();
    const source: Source = { file: from.file, text, lines, anchors: new Map(), within: from.within };
    const here = { source, path: from.path };
    try {
      const parsed = parseDocument(text, {
        lineCounter: lines,
        prettyErrors: false,
        uniqueKeys: false,
        resolveKnownTags: false,
        logLevel: 'error',
        customTags: TAGS.map(tag => ({ tag, resolve: (text: string) => text })),
      });
      for (const error of parsed.errors)
        this.#complain(here, error.pos[0], 'MF_CONFIG_SYNTAX', sentence(error.message));
      for (const warning of parsed.warnings) {
        this.#complain(here, warning.pos[0], 'MF_CONFIG_SYNTAX', wrongTag(text.slice(...warning.pos)));
      }
      if (parsed.errors.length > 0) return this.#broken(here, 0);
      return this.#value(parsed.contents, here);
    } catch (error) {
      return this.#refuse(here, 0, 'MF_CONFIG_SYNTAX', `cannot be read as YAML: ${describeError(error)}`);
    }
  }

  #value(node: Node | null, here: Here): ConfigDocument {
    const offset = node?.range?.[0] ?? 0;
    if (--this.#left < 0)
      return this.#refuseOnce(here, offset, `more than ${MOST_VALUES} values: is an alias used in itself?`);
    if (here.path.length > DEEPEST) return this.#refuseOnce(here, offset, `nested more than ${DEEPEST} levels deep`);
    if (node !== null && 'anchor' in node && node.anchor !== undefined) here.source.anchors.set(node.anchor, node);
    if (isAlias(node)) return this.#alias(node, here);
    if (isMap(node)) return this.#map(node as YAMLMap<Node | null, Node | null>, here);
    if (isSeq(node)) return this.#list(node as YAMLSeq<Node | null>, here);
    if (isScalar(node)) return this.#scalar(node, here);
    return this.#plain(null, here, offset);
  }

  #alias(node: Alias, here: Here): ConfigDocument {
    const target = here.source.anchors.get(node.source);
    if (target !== undefined) return this.#value(target, here);
    const known = `no anchor &${node.source} stands above`;
    return this.#refuse(here, node.range?.[0] ?? 0, 'MF_CONFIG_SYNTAX', known);
  }

  #map(node: YAMLMap<Node | null, Node | null>, here: Here): ConfigDocument {
    const values = new Map<string, unknown>();
    const entries = new Map<string, Place>();
    for (const pair of node.items) {
      const offset = pair.key?.range?.[0] ?? node.range?.[0] ?? 0;
      const key = keyText(pair.key);
      const inside = { ...here, path: [...here.path, key ?? '?'] };
      const first = key === null ? undefined : entries.get(key);
      if (key === null) this.#complain(here, offset, 'MF_CONFIG_SYNTAX', 'a key must be text');
      else if (first !== undefined) {
        this.#complain(inside, offset, 'MF_CONFIG_SYNTAX', `stands twice: first on line ${first.key.line}`);
      } else {
        const { value, place } = this.#value(pair.value, inside);
        values.set(key, value);
        entries.set(key, { ...place, key: this.#position(here, offset) });
      }
    }
    return this.#plain(Object.fromEntries(values), here, node.range?.[0] ?? 0, entries);
  }

  #list(node: YAMLSeq<Node | null>, here: Here): ConfigDocument {
    const read = node.items.map((item, index) => this.#value(item, { ...here, path: [...here.path, index] }));
    const entries = new Map(read.map(({ place }, index) => [index, place] as const));
    return this.#plain(
      read.map(({ value }) => value),
      here,
      node.range?.[0] ?? 0,
      entries,
    );
  }

  #scalar(node: Scalar, here: Here): ConfigDocument {
    const offset = node.range?.[0] ?? 0;
    const text = String(node.value);
    switch (node.tag) {
      case '!env':
        return this.#given(envValue(text, this.#env), here, offset, 'MF_CONFIG_ENV');
      case '!secret':
        this.files.add(resolve(beside(here.source.file, text)));
        return this.#given(secretFrom(beside(here.source.file, text)), here, offset, 'MF_CONFIG_SECRET');
      case '!include':
        return this.#include(text, here, offset);
      default:
        return this.#plain(node.value, here, offset);
    }
  }

  #include(path: string, here: Here, offset: number): ConfigDocument {
    const file = beside(here.source.file, path);
    const absolute = resolve(file);
    this.files.add(absolute);
    if (here.source.within.includes(absolute)) {
      return this.#refuse(here, offset, 'MF_CONFIG_INCLUDE', `${file} includes itself`);
    }
    const text = readText(file);
    if (text.kind === 'refused') return this.#refuse(here, offset, 'MF_CONFIG_INCLUDE', text.message);
    return this.read(text.value, { file, path: here.path, within: [...here.source.within, absolute] });
  }

  #given(given: Given<unknown>, here: Here, offset: number, code: ErrorCode): ConfigDocument {
    if (given.kind === 'refused') return this.#refuse(here, offset, code, given.message);
    if (given.warning !== null) this.#complain(here, offset, code, given.warning, 'warning');
    return this.#plain(given.value, here, offset);
  }

  #plain(value: unknown, here: Here, offset: number, entries: Place['entries'] = new Map()): ConfigDocument {
    const position = this.#position(here, offset);
    return { value, place: { value: position, key: position, entries, broken: false } };
  }

  #broken(here: Here, offset: number): ConfigDocument {
    const { place } = this.#plain(undefined, here, offset);
    return { value: undefined, place: { ...place, broken: true } };
  }

  #refuse(here: Here, offset: number, code: ErrorCode, message: string): ConfigDocument {
    this.#complain(here, offset, code, message);
    return this.#broken(here, offset);
  }

  /** For limits: what exceeds one does so many times. */
  #refuseOnce(here: Here, offset: number, message: string): ConfigDocument {
    const said = this.complaints.some(complaint => complaint.message === message);
    return said ? this.#broken(here, offset) : this.#refuse(here, offset, 'MF_CONFIG_SYNTAX', message);
  }

  #complain(
    here: Here,
    offset: number,
    code: ErrorCode,
    message: string,
    severity: Complaint['severity'] = 'error',
  ): void {
    this.complaints.push({ severity, code, path: here.path, message, ...this.#position(here, offset) });
  }

  #position({ source }: Here, offset: number): Position {
    const { line, col } = source.lines.linePos(offset);
    return { file: source.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

/** A path that a file names, relative to that file. */
function beside(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}

/** The text of a key, or `null` where the key is none: a list, a mapping, an alias, nothing at all. */
function keyText(node: Node | null): string | null {
  if (!isScalar(node) || node.value === null || node.value === undefined) return null;
  const text = typeof node.value === 'string' ? node.value : (node.source ?? JSON.stringify(node.value));
  return text === '__proto__' ? null : text;
}

function wrongTag(tag: string): string {
  const known = (TAGS as readonly string[]).includes(tag);
  return known ? `${tag} takes one word, not a list or a mapping` : `unknown tag ${tag}: known are ${TAGS.join(', ')}`;
}

/** A message of the package as a part of ours. */
function sentence(message: string): string {
  const plain = message.slice(0, 1).toLowerCase() + message.slice(1);
  return plain
    .replace(/; please use YAML\.\S+$/, '; one is allowed')
    .replace(/^plain value cannot start with .*$/, '$&: put it between quotes');
}
