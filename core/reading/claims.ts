/** What a mail says that others found out about it (RFC 8601). Anybody can write such a field: it is shown as a claim. */
import { decodeText } from '../mime/encoded-word.ts';
import type { HeaderBlock } from '../mime/header.ts';
import type { ClaimedResult } from './message.ts';

const MOST = 10;
/** In characters. */
const LONGEST = 1000;
const FIELDS = /^(?:arc-)?authentication-results$|^received-spf$/i;

/** The claims of a header, from the top: that of the machine that had the mail last first. */
export function claimsIn(header: HeaderBlock): readonly ClaimedResult[] {
  return header.fields
    .filter(({ name }) => FIELDS.test(name))
    .slice(0, MOST)
    .map(({ name, value }) => claimOf(name, decodeText(value).replaceAll(/\s+/g, ' ').trim()));
}

function claimOf(name: string, value: string): ClaimedResult {
  const text = value.length > LONGEST ? `${value.slice(0, LONGEST)} …` : value;
  if (!/results$/i.test(name)) return { by: name, text };
  // A set of ARC has its number before the name.
  const [, by = '', results = ''] = /^(?:i=\d+; *)?([^;]*?)(?: +\d+)? *;(.*)$/.exec(text) ?? [];
  return by === '' ? { by: name, text } : { by: by.trim(), text: results.trim() };
}
