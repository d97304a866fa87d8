/** The hooks before there is content: connect, helo, mail, vrfy and expn. */
import type { ReversePath } from '../mail/address.ts';
import type { MailParameters } from '../mail/envelope.ts';
import { type Facts, NO_FACTS } from '../mail/facts.ts';
import { formatPath, parseMailbox } from '../mail/path.ts';
import type { Greeting, Session } from '../mail/session.ts';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import type { Subject } from '../plugin/hooks.ts';
import type { Found, Greeted, Passed, Refused, Walked } from './decision.ts';
import { type Heard, refusal, type Walker } from './walk.ts';

const PASSED: Passed = { kind: 'passed' };

/** Walks a hook at which all are asked and a refusal ends the walk. */
function refusable<H extends 'connect' | 'mail'>(
  walker: Walker,
  hook: H,
  subject: Subject<H>,
  context: {
    readonly session: Session;
    readonly facts: Facts;
    readonly asked: string;
    readonly reversePath?: ReversePath;
  },
): Awaitable<Walked<Passed | Refused>> {
  let decision: Passed | Refused = PASSED;
  const question = { hook, asked: context.asked, about: { session: context.session.id } };
  const hear = (heard: Heard<'connect' | 'mail'>): 'go on' | 'end' => {
    if (heard.kind === 'failure') decision = heard.refused;
    else if (heard.answer.kind === 'note') return 'go on';
    else decision = refusal(heard.link, heard.answer);
    return 'end';
  };
  return whenThere(walker.walk(question, context, subject, hear), ({ facts, steps }) => ({ decision, facts, steps }));
}

export function walkConnect(walker: Walker, session: Session): Awaitable<Walked<Passed | Refused>> {
  return refusable(walker, 'connect', { session }, { session, facts: NO_FACTS, asked: session.client.address });
}

export function walkMail(
  walker: Walker,
  session: Session,
  envelope: { readonly reversePath: ReversePath; readonly parameters: MailParameters },
  facts: Facts,
): Awaitable<Walked<Passed | Refused>> {
  const { reversePath, parameters } = envelope;
  const subject = { session, reversePath, parameters };
  return refusable(walker, 'mail', subject, { session, facts, reversePath, asked: formatPath(reversePath) });
}

export function walkHelo(
  walker: Walker,
  session: Session,
  greeting: Greeting,
  facts: Facts,
): Awaitable<Walked<Greeted | Refused>> {
  const add: string[] = [];
  const remove: string[] = [];
  let refused: Refused | null = null;
  const question = {
    hook: 'helo',
    asked: `${greeting.verb} ${greeting.domain}`,
    about: { session: session.id },
  } as const;
  const walked = walker.walk(question, { session, facts }, { session, greeting }, heard => {
    if (heard.kind === 'failure') refused = heard.refused;
    else if (heard.answer.kind === 'note') return 'go on';
    else if (heard.answer.kind === 'offer') {
      add.push(...heard.answer.add);
      remove.push(...heard.answer.remove);
      return 'go on';
    } else refused = refusal(heard.link, heard.answer);
    return 'end';
  });
  return whenThere(walked, known => ({ decision: refused ?? { kind: 'greeted', add, remove }, ...known }));
}

/** VRFY and EXPN: the first answer counts. `passed`: nobody knows. */
export async function walkLookup(
  walker: Walker,
  hook: 'vrfy' | 'expn',
  session: Session,
  query: string,
): Promise<Walked<Found | Refused | Passed>> {
  let decision: Found | Refused | Passed = { kind: 'passed' };
  const subject = { session, query, mailbox: parseMailbox(query) };
  const question = { hook, asked: query, about: { session: session.id } };
  const walked = await walker.walk(question, { session, facts: NO_FACTS }, subject, ({ link, ...heard }) => {
    if (heard.kind === 'failure') decision = heard.refused;
    else if (heard.answer.kind === 'addresses') decision = { kind: 'found', mailboxes: heard.answer.mailboxes };
    else decision = refusal(link, heard.answer);
    return 'end';
  });
  return { decision, ...walked };
}
