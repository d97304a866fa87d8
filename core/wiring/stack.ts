/** Reads the stack of an error: which files it went through. V8 writes it, one frame a line. */
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place in a source file. Line and column are counted from 1. */
export interface Place {
  /** Absolute. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One line of a stack. */
export interface Frame {
  /** As V8 wrote it, without white space around it. */
  readonly text: string;
  /** `null`: no file, such as what Node itself is made of. */
  readonly place: Place | null;
}

/** The frames of a stack, innermost first. */
export function framesOf(stack: string): readonly Frame[] {
  return stack
    .split('\n')
    .map(line => line.trim())
    .filter(line => line.startsWith('at '))
    .map(text => ({ text, place: placeIn(text) }));
}

/** `at rcpt (file:///etc/mail/filters/mine.ts:5:11)`, `at /srv/app/main.ts:1:1`. */
function placeIn(text: string): Place | null {
  const [, file, line, column] = /^at (?:.*[( ])?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(text) ?? [];
  if (file === undefined) return null;
  return { file: pathOf(file), line: Number(line), column: Number(column) };
}

/** The path that an address or a path means; what stands behind `?` is no part of it. */
export function pathOf(file: string): string {
  return file.startsWith('file:') ? fileURLToPath(file.replace(/[?#].*$/, '')) : file;
}

/** A file as a person names it: from where the command was given, if it lies below. */
export function shownPath(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') ? file : path;
}

/** `filters/mine.ts:5:11`: terminals and editors lead there. */
export function placeText({ file, line, column }: Place): string {
  return `${shownPath(file)}:${line}:${column}`;
}
