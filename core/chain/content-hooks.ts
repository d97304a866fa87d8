/**
 * The hooks `data` and `queue`: a fold over the content, and the last veto, for each group of recipients.
 *
 * A rewrite is the next plugin's subject. A refusal or a discard ends the walk of its group; a hold does not, so that a
 * later refusal still wins.
 */
import type { Mail } from '../mail/mail.ts';
import { formatPath } from '../mail/path.ts';
import { isPermanent } from '../mail/reply.ts';
import type { Answer } from '../plugin/hooks.ts';
import type { Mixed } from './chain.ts';
import { holds, looksAt, type View } from './condition.ts';
import type { ContentGroup, Refused, Taken, Walked } from './decision.ts';
import { type Group, isOpen, mailOf, merge } from './group.ts';
import { headerView } from './header-view.ts';
import type { Link } from './link.ts';
import { heardFrom, refusal, type Walker, whyNot } from './walk.ts';

type ContentHook = 'data' | 'queue';

/** Walks both hooks and makes one decision of what all groups said. */
export async function walkContent(walker: Walker, mail: Mail, mixed: Mixed): Promise<Walked<Taken | Refused>> {
  const { content, facts } = mail;
  let groups: readonly Group[] = [
    { recipients: mail.envelope.recipients, content, facts, fate: { kind: 'deliver' }, steps: [] },
  ];
  for (const hook of ['data', 'queue'] as const) {
    for (const link of walker.answering(hook)) {
      groups = merge((await Promise.all(groups.map(group => askGroup(walker, hook, link, { group, mail })))).flat());
    }
  }
  const [group, ...others] = groups;
  const steps = others.length === 0 && group ? group.steps : [...new Set(groups.flatMap(one => one.steps))];
  return { decision: decide(groups, mixed), facts: group?.facts ?? facts, steps };
}

/** Asks one link about one group: about all of it, about a part, or not at all. */
async function askGroup(
  walker: Walker,
  hook: ContentHook,
  link: Link,
  { group, mail }: { readonly group: Group; readonly mail: Mail },
): Promise<readonly Group[]> {
  if (!isOpen(group)) return [group];
  const view = await viewOf(link, group, mail);
  const question = { hook, asked: asked(group), about: { session: mail.session.id, queueId: mail.id } };
  const { met, unmet, why } = split(link, group, view);
  const skipped = () => ({ ...group, steps: [...group.steps, walker.skipped(link, question, whyNot(why))] });
  if (met.length === 0) return [skipped()];
  const part = { ...group, recipients: met };
  const subject = { mail: mailOf(part, mail) };
  const called = await walker.ask(link, subject, { ...question, asked: asked(part) }, view);
  const next = { ...part, steps: [...group.steps, called.step] };
  const rest = unmet.length === 0 ? [] : [{ ...skipped(), recipients: unmet }];
  if (link.mode === 'shadow' || called.kind === 'silent') return [next, ...rest];
  const heard = heardFrom<ContentHook>(link, called);
  return [heard.kind === 'failure' ? { ...next, fate: heard.refused } : apply(next, link, heard.answer), ...rest];
}

/** What an answer makes of a group. */
function apply(group: Group, link: Link, answer: Answer<ContentHook>): Group {
  switch (answer.kind) {
    case 'note':
      return { ...group, facts: { ...group.facts, ...answer.facts } };
    case 'rewrite':
      return { ...group, content: answer.content, facts: { ...group.facts, ...answer.facts } };
    case 'hold':
      return { ...group, fate: { kind: 'hold', by: link.id, reason: answer.reason } };
    case 'discard':
      return { ...group, fate: { kind: 'discard', by: link.id, reason: answer.reason } };
    case 'reject':
    case 'defer':
      return { ...group, fate: refusal(link, answer) };
  }
}

async function viewOf(link: Link, group: Group, mail: Mail): Promise<View> {
  const view = {
    session: mail.session,
    facts: group.facts,
    reversePath: mail.envelope.reversePath,
    size: group.content.size,
  };
  const needsHeader = link.when !== null && looksAt(link.when, 'header');
  return needsHeader ? { ...view, header: await headerView(group.content) } : view;
}

/** Which recipients of a group a link is asked about. */
function split(link: Link, group: Group, view: View) {
  const { when } = link;
  if (when === null) return { met: group.recipients, unmet: [], why: 'no' as const };
  const answers = group.recipients.map(recipient => holds(when, { ...view, recipient }));
  return {
    met: group.recipients.filter((_, index) => answers[index] === 'yes'),
    unmet: group.recipients.filter((_, index) => answers[index] !== 'yes'),
    why: answers.includes('unknown') ? ('unknown' as const) : ('no' as const),
  };
}

function asked(group: Group): string {
  const [first, ...others] = group.recipients;
  const name = first === undefined ? 'nobody' : formatPath(first.forwardPath);
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}

/**
 * One decision for the transaction. A deferral of one group defers all, so that nothing is delivered twice when the
 * client comes back. A rejection of one group rejects all, unless the sender can be told by a notification.
 */
function decide(groups: readonly Group[], mixed: Mixed): Taken | Refused {
  if (mixed === 'each') return { kind: 'taken', groups };
  const refused = groups.flatMap(group => (group.fate.kind === 'refused' ? [group.fate] : []));
  const deferred = refused.find(one => !isPermanent(one.reply));
  if (deferred !== undefined) return deferred;
  const [rejected] = refused;
  if (rejected !== undefined && (mixed === 'refuse' || refused.length === groups.length)) return rejected;
  return { kind: 'taken', groups: groups.map(taken) };
}

function taken(group: Group): ContentGroup {
  const { fate } = group;
  if (fate.kind !== 'refused') return group;
  if (!isPermanent(fate.reply)) throw new Error('a deferred group cannot be taken');
  return { ...group, fate: { kind: 'bounce', reply: fate.reply } };
}
