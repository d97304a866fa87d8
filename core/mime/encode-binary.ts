/**
 * Binary content made fit for lines, for all the world that does not take BINARYMIME (RFC 3030 section 3).
 *
 * Leaf parts that are binary, by their label or in fact, go into base64, text too: their line ends may be anything. What
 * comes out has CRLF at the ends of its lines and no NUL. See `recode.ts`.
 */
import { strayIn } from './line-ends.ts';
import { hasLongLine } from './long-lines.ts';
import { type Recoded, recode, type Way } from './recode.ts';

const AS_LINES: Way = {
  unfit: 'binary',
  labels: new Set(['binary']),
  flawOf(octets) {
    const stray = strayIn(octets);
    return stray === null ? null : `a ${stray}`;
  },
  fits: body => strayIn(body) === null && !hasLongLine(body),
  encodingFor: () => 'base64',
  global: 'by parts',
  wrappers: 'open',
};

/** Encodes what is binary: a part grows by a third. `impossible` is for the client: 554 5.6.1. */
export function encodeBinary(octets: Buffer): Recoded {
  return recode(octets, AS_LINES);
}
