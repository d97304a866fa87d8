/** What a message came to, in a word and a colour. */
import type { Style } from '../paper.ts';
import type { Account, RecipientAccount } from './account.ts';

interface Said {
  readonly text: string;
  readonly style: Style;
}

export const VERDICTS: Readonly<Record<Account['verdict'], Said>> = {
  accepted: { text: 'accepted', style: 'good' },
  deferred: { text: 'deferred', style: 'warn' },
  refused: { text: 'refused', style: 'bad' },
  open: { text: 'on its way', style: 'news' },
};

const FATES = {
  delivered: 'good',
  'on its way': 'news',
  deferred: 'warn',
  removed: 'warn',
  bounced: 'bad',
} as const satisfies Record<string, Style>;

/** What became of a mail that really went through: counted where it is not the same for all recipients. */
export function fateOf(recipients: readonly RecipientAccount[]): Said {
  const counts = Map.groupBy(recipients, fateOfOne);
  const fates = (Object.keys(FATES) as (keyof typeof FATES)[]).filter(fate => counts.has(fate));
  const worst = fates.at(-1) ?? 'delivered';
  const counted = fates.map(fate => `${counts.get(fate)?.length ?? 0} ${fate}`);
  return { text: fates.length === 1 ? worst : counted.join(', '), style: FATES[worst] };
}

/** Who waits has a standing, and who has left without an outcome was taken out by somebody. */
function fateOfOne({ standing, lastOutcome }: RecipientAccount): keyof typeof FATES {
  if (standing !== null) return 'on its way';
  return lastOutcome?.kind ?? 'removed';
}
