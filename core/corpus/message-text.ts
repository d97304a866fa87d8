/** Whether the beginning of a file looks like mail. A folder of messages often holds other files, too. */
import { parseHeader } from '../mime/header.ts';
import { FROM_ } from './from-line.ts';

/** So much of a file is looked at. In octets. */
export const LOOKED_AT = 16 * 1024;

/** Fields of which every mail has one. */
const OF_MAIL = /^(?:from|date|subject|message-id|received|return-path|delivered-to|to|mime-version)$/i;

/** `mbox`: it begins with a From_ line. */
export function natureOf(beginning: Buffer): 'mbox' | 'message' | 'other' {
  if (beginning.toString('latin1', 0, FROM_.length) === FROM_) return 'mbox';
  return parseHeader(beginning).fields.some(({ name }) => OF_MAIL.test(name)) ? 'message' : 'other';
}
