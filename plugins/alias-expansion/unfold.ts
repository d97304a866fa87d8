/** Shows what a recipient stands for, step by step: the same walk as at RCPT, with each step noted. */
import { formatMailbox, formatReply, type Mailbox, TableUnavailable, type Unfolding } from '../../core/index.ts';
import { refusalOf, unavailable } from './reply.ts';
import type { Seen } from './step.ts';
import { type ExpansionRules, Walk } from './walk.ts';

/** The way of a recipient; `null` where it has no alias. */
export async function unfold(
  rules: ExpansionRules,
  recipient: Mailbox,
  signal: AbortSignal,
): Promise<Unfolding | null> {
  const root: Seen = { what: formatMailbox(recipient), by: null, outcome: null, leadsTo: [] };
  try {
    const match = await rules.lookUp.find(recipient, { signal });
    if (match === null) return null;
    const walk = new Walk(rules, { signal });
    await walk.from(recipient, match, root);
    const verdict = walk.found.verdict();
    if (verdict.kind === 'recipients' || verdict.kind === 'blackhole' || verdict.kind === 'no-alias') return root;
    return { ...root, outcome: inWords(refusalOf(verdict, rules)) };
  } catch (error) {
    if (!(error instanceof TableUnavailable)) throw error;
    return { ...root, outcome: inWords(unavailable(error)) };
  }
}

function inWords({ reply, because }: ReturnType<typeof refusalOf>): string {
  return because === null ? formatReply(reply) : `${formatReply(reply)} (${because})`;
}
