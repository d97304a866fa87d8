/** Why a module could not be loaded, in a sentence with file and line. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describeError, errnoOf } from '../mail/failure.ts';

const NO_SUCH_SYNTAX =
  'Node runs TypeScript by leaving its types away, so enums, namespaces, parameter properties and decorators cannot be used';

/** What `npm init` writes into a new `package.json` makes every module beside it CommonJS. */
const NO_MODULE =
  'the package.json above it says "type": "commonjs": write "type": "module" there, or end the file in .mts';
/** How V8 says that CommonJS has no `import` and no `export`. */
const OUTSIDE_A_MODULE = /^Cannot use import statement outside a module|^Unexpected token 'export'/;

/** Frames in here are ours: the plugin's own line is what its author wants to know. */
const CORE = new URL('../', import.meta.url).href;

/** What to tell about an error that came out of an import. `file` is the module that was to be imported. */
export function whyNotLoaded(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const place = placeIn(stack) ?? (error instanceof SyntaxError ? placeOfSyntaxError(file) : null);
  const where = place === null ? '' : `${place.file}:${place.line}: `;
  const unsupported = errnoOf(error) === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' || startsWithDecorator(place);
  const said = describeError(error);
  const hint = unsupported ? `; ${NO_SUCH_SYNTAX}` : OUTSIDE_A_MODULE.test(said) ? `; ${NO_MODULE}` : '';
  return `${where}${said}${hint}`;
}

interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/**
 * Where an error comes from: the first line of its stack where the loader put it there, else the innermost frame that
 * lies in a file of somebody else.
 */
function placeIn(stack: string): SourceLine | null {
  const [, head, headLine] = /^((?:file:\/\/)?\/[^\n]*?):(\d+)\n/.exec(stack) ?? [];
  const frames = [...stack.matchAll(/\bat (?:[^\n]*\()?(file:\/\/[^\n)]*?):(\d+):\d+\)?/g)];
  const [, frame, frameLine] = frames.find(([, url]) => url?.startsWith(CORE) === false) ?? [];
  const file = head ?? frame;
  const line = headLine ?? frameLine;
  if (file === undefined || line === undefined) return null;
  return { file: file.startsWith('file:') ? fileURLToPath(file) : file, line: Number(line) };
}

/** V8 does not say where a syntax error of a JavaScript module stands. The parser that removes types does. */
function placeOfSyntaxError(file: string): SourceLine | null {
  try {
    stripTypeScriptTypes(readFileSync(file, 'utf8'), { sourceUrl: file });
    return null;
  } catch (error) {
    return error instanceof SyntaxError ? placeIn(error.stack ?? '') : null;
  }
}

function startsWithDecorator(place: SourceLine | null): boolean {
  if (place === null) return false;
  try {
    return /^\s*@\w/.test(readFileSync(place.file, 'utf8').split('\n')[place.line - 1] ?? '');
  } catch {
    return false;
  }
}
