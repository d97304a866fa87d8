/** Why a module could not be loaded, in a sentence with file and line. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithCauses, errnoOf } from '../mail/failure.ts';
import { sourceOf } from './source-map.ts';
import { framesOf, type Place, pathOf, placeText } from './stack.ts';

const NO_SUCH_SYNTAX =
  'Node runs TypeScript by leaving its types away, so enums, namespaces, parameter properties and decorators cannot be used';

/** What `npm init` writes into a new `package.json` makes every module beside it CommonJS. */
const NO_MODULE =
  'the package.json above it says "type": "commonjs": write "type": "module" there, or end the file in .mts';
/** How V8 says that CommonJS has no `import` and no `export`. */
const OUTSIDE_A_MODULE = /^Cannot use import statement outside a module|^Unexpected token 'export'/;

/** Frames in here are ours: the plugin's own line is what its author wants to know. */
const CORE = fileURLToPath(new URL('../', import.meta.url));

/** What to tell about an error that came out of an import. `file` is the module that was to be imported. */
export function whyNotLoaded(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const said = describeWithCauses(error);
  const place =
    placeOfImport(said) ?? placeIn(stack) ?? (error instanceof SyntaxError ? placeOfSyntaxError(file) : null);
  const where = place === null ? '' : `${placeText(place)}: `;
  const unsupported = errnoOf(error) === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' || startsWithDecorator(place);
  const hint = unsupported ? `; ${NO_SUCH_SYNTAX}` : OUTSIDE_A_MODULE.test(said) ? `; ${NO_MODULE}` : '';
  return `${where}${said}${hint}`;
}

/**
 * Where an error comes from: the first lines of its stack where the loader put it there, with a caret below the source,
 * else the innermost frame that lies in a file of somebody else.
 */
function placeIn(stack: string): Place | null {
  const [, file, line, caret = ''] =
    /^((?:file:\/\/)?\/[^\n]*?):(\d+)\n(?:(?:[^\n]*\n){1,4}?([ \t]*)\^)?/.exec(stack) ?? [];
  if (file !== undefined) return { file: pathOf(file), line: Number(line), column: caret.length + 1 };
  const places = framesOf(stack).flatMap(({ place }) => (place === null ? [] : [place]));
  const found = places.find(place => !place.file.startsWith(CORE));
  return found === undefined ? null : sourceOf(found);
}

/** Node names the file that imports what is not there, and not the line. */
function placeOfImport(said: string): Place | null {
  const [, wanted = '', file] = /^Cannot find (?:module|package) '([^']+)' imported from (\/.+)$/.exec(said) ?? [];
  if (file === undefined) return null;
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    const ending = new RegExp(`(['"])(?:[^'"]*/)?${basename(wanted).replace(/[^\w]/g, '\\$&')}\\1`);
    const line = lines.findIndex(text => ending.test(text));
    return line === -1 ? null : { file, line: line + 1, column: (lines[line] ?? '').search(ending) + 1 };
  } catch {
    return null;
  }
}

/** V8 does not say where a syntax error of a JavaScript module stands. The parser that removes types does. */
function placeOfSyntaxError(file: string): Place | null {
  try {
    stripTypeScriptTypes(readFileSync(file, 'utf8'), { sourceUrl: file });
    return null;
  } catch (error) {
    return error instanceof SyntaxError ? placeIn(error.stack ?? '') : null;
  }
}

function startsWithDecorator(place: Place | null): boolean {
  if (place === null) return false;
  try {
    return /^\s*@\w/.test(readFileSync(place.file, 'utf8').split('\n')[place.line - 1] ?? '');
  } catch {
    return false;
  }
}
