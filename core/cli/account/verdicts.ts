/** What a message came to, in a word and a colour. */
import type { Style } from '../paper.ts';
import type { Account } from './account.ts';

export const VERDICTS: Readonly<Record<Account['verdict'], { readonly text: string; readonly style: Style }>> = {
  accepted: { text: 'accepted', style: 'good' },
  deferred: { text: 'deferred', style: 'warn' },
  refused: { text: 'refused', style: 'bad' },
  open: { text: 'on its way', style: 'news' },
};
