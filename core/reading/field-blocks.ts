/**
 * Blocks of fields that an empty line parts: what a delivery status (RFC 3464), a disposition notification (RFC 8098) and a
 * feedback report (RFC 5965) are made of.
 */
import { parseHeader } from '../mime/header.ts';
import { readField } from './header-fields.ts';
import type { ReadField } from './message.ts';

const MOST_BLOCKS = 1000;

/** The blocks, without empty ones. What is no field ends it. */
export function fieldBlocks(octets: Buffer): {
  readonly blocks: readonly (readonly ReadField[])[];
  readonly isAll: boolean;
} {
  const blocks: (readonly ReadField[])[] = [];
  let rest = octets;
  while (rest.length > 0 && blocks.length < MOST_BLOCKS) {
    const { fields, bodyStart } = parseHeader(rest);
    if (fields.length > 0) blocks.push(fields.map(readField));
    if (bodyStart === 0) break;
    rest = rest.subarray(bodyStart);
  }
  return { blocks, isAll: rest.toString('latin1').trim() === '' };
}
