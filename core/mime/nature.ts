/** What a mail is by its header: from one person to others, or sent to many by a program. */
import type { HeaderBlock } from './header.ts';

/** `bulk`: mail of lists and mass mailings, which may wait for what people write to each other. */
export type Nature = 'personal' | 'bulk';

const BULK = /^\s*(?:bulk|list|junk)\b/i;

/** By `List-Id` (RFC 2919), `List-Unsubscribe` (RFC 2369) and `Precedence` (RFC 2076 section 3.9). */
export function natureOf(header: HeaderBlock): Nature {
  if (header.named('list-id').length > 0 || header.named('list-unsubscribe').length > 0) return 'bulk';
  return header.named('precedence').some(field => BULK.test(field.value)) ? 'bulk' : 'personal';
}
