/**
 * Where in its files a plugin failed: the line that its author wants to see, out of a stack that is mostly not his.
 *
 * Guarantee: never throws, whatever was thrown. Limit: an error without a stack has no line, and neither has one that was
 * made while none of the plugin's functions ran.
 */
import { fileURLToPath } from 'node:url';
import type { Origin } from '../mail/origin.ts';
import { sourceOf } from './source-map.ts';
import { type Frame, framesOf, type Place, placeText, shownPath } from './stack.ts';

/** All in here is ours, and of no interest to the author of a plugin. */
const CORE = fileURLToPath(new URL('../', import.meta.url));
/** Causes of causes of causes. */
const DEEPEST = 5;

/** Finds the origins of what one plugin throws. `module` is its file; `null` where a program brought it along. */
export function originsOf(module: string | null): (error: unknown) => Origin {
  const isOwn = ownFiles(module);
  const unknown: Origin = { at: module === null ? null : shownPath(module), isExact: false, stack: null };
  return error => {
    try {
      const traced = withCauses(error);
      const own = traced.map(({ stack }) => innermost(stack, isOwn)).find(place => place !== null);
      const stack = traced.length === 0 ? null : traced.map(one => shortened(one, isOwn)).join('\ncaused by ');
      return own === undefined ? { ...unknown, stack } : { at: placeText(own), isExact: true, stack };
    } catch {
      return unknown;
    }
  };
}

/** Whether code of the gateway itself was running. */
export function wentThroughCore(error: unknown): boolean {
  return withCauses(error).some(({ stack }) => innermost(stack, path => path.startsWith(CORE)) !== null);
}

/** Which files are the plugin's own: its package, or all that is neither in a package nor ours. */
function ownFiles(module: string | null): (path: string) => boolean {
  const [home] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(module ?? '') ?? [''];
  return path => path.startsWith(home) && !path.startsWith(CORE) && !path.slice(home.length).includes('node_modules/');
}

interface Traced {
  readonly stack: string;
  readonly cause?: unknown;
}

/** The error and what caused it, as far as there are stacks. */
function withCauses(error: unknown): readonly Traced[] {
  const found: Traced[] = [];
  let one = error;
  while (found.length < DEEPEST && isTraced(one)) {
    found.push(one);
    one = one.cause;
  }
  return found;
}

/** Not only of our own realm's `Error`: a plugin may run code elsewhere. */
function isTraced(error: unknown): error is Traced {
  try {
    return typeof error === 'object' && error !== null && 'stack' in error && typeof error.stack === 'string';
  } catch {
    return false;
  }
}

/** The innermost place of the stack in such a file, in its source. */
function innermost(stack: string, isOwn: (path: string) => boolean): Place | null {
  const place = framesOf(stack).find(frame => isFrameOf(frame, isOwn))?.place;
  return place === undefined || place === null ? null : sourceOf(place);
}

function isFrameOf({ place }: Frame, isOwn: (path: string) => boolean): boolean {
  return place !== null && isOwn(place.file);
}

/** The stack without what called the plugin: that is the same each time. */
function shortened({ stack }: Traced, isOwn: (path: string) => boolean): string {
  const frames = framesOf(stack).filter(({ text }) => !text.includes('node:internal/'));
  const outermost = frames.findLastIndex(frame => isFrameOf(frame, isOwn));
  const kept = outermost === -1 ? frames : frames.slice(0, outermost + 1);
  const first = stack.search(/^\s*at /m);
  const head = (first === -1 ? stack : stack.slice(0, first)).trimEnd();
  return [head, ...kept.map(frame => `    ${frameText(frame)}`)].join('\n');
}

/** A frame as V8 wrote it, with a path to click on. */
function frameText({ text, place }: Frame): string {
  if (place === null) return text;
  const before = /^at (?:.*\()?/.exec(text)?.[0] ?? 'at ';
  return `${before}${placeText(sourceOf(place))}${before.endsWith('(') ? ')' : ''}`;
}
