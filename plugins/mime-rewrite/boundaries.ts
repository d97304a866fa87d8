/** Boundaries of multiparts: new ones, and octets that could be taken for old ones. */
import type { PartOutline, Random } from '../../core/index.ts';
import { around, parentsIn } from './places.ts';

/** 144 bits that no sender knows: no mail holds it, and none can be made to. */
const OCTETS = 18;

export function newBoundary(random: Random): string {
  return `=_${random.bytes(OCTETS).toString('base64url')}`;
}

/** The boundaries that would end a part. */
export function boundariesAround(part: PartOutline, root: PartOutline): readonly string[] {
  return around(part, parentsIn(root)).flatMap(({ multipart }) => (multipart === null ? [] : [multipart.boundary]));
}

/**
 * How many lines of a body somebody could take for one of these boundaries: some readers look at the beginning of a line
 * alone. What is put in must not make them more, or the sender of a mail chooses what becomes of our text.
 */
export function boundaryLines(body: Buffer, boundaries: readonly string[]): number {
  if (boundaries.length === 0 || !body.includes('--')) return 0;
  const lines = body.toString('latin1').split('\n');
  return lines.filter(line => boundaries.some(boundary => line.startsWith(`--${boundary}`))).length;
}
