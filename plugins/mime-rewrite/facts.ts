/** The facts that mime-rewrite states of mails that its rules have met. */
import { defineFact, type Facts, z } from '../../core/index.ts';
import type { Done } from './rewriting.ts';

/** The names of the rules that changed the mail. */
export const MIME_RULES = defineFact('mime.rules', z.array(z.string()).readonly());
/** The names of the rules that were left out, wholly or in part. */
export const MIME_SKIPPED = defineFact('mime.skipped', z.array(z.string()).readonly());
/** The signatures that the changes broke, in words. */
export const MIME_BROKEN = defineFact('mime.broken', z.array(z.string()).readonly());

export const MIME_FACTS = [MIME_RULES, MIME_SKIPPED, MIME_BROKEN] as const;

/** Empty where no rule met the mail. */
export function factsOf({ applied, skipped, broken }: Done): Facts {
  if (applied.length + skipped.length === 0) return {};
  return { ...MIME_RULES.is(applied), ...MIME_SKIPPED.is(skipped), ...MIME_BROKEN.is(broken) };
}
