/** Puts together what was found out in a rehearsal: from what was said, committed, attempted and written down. */

import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import { recipientKey } from '../mail/envelope.ts';
import type { Outcome } from '../mail/outcome.ts';
import { formatMailbox } from '../mail/path.ts';
import type { Session } from '../mail/session.ts';
import type { TraceStep } from '../mail/trace.ts';
import { type ContentDifference, differenceOf } from '../mime/difference.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import type { Answers } from './dialogue.ts';
import type { FirstAttempt } from './first-attempt.ts';
import type { Incoming } from './incoming.ts';
import type { Notebook, NotedDelivery, Rewritten } from './notebook.ts';
import type {
  AskedRecipient,
  Exchange,
  Rehearsal,
  RehearsedDelivery,
  RehearsedMail,
  RehearsedRecipient,
  Revision,
  SaidReply,
  Verdict,
} from './rehearsal.ts';
import type { ToldChain } from './told-chain.ts';

export interface FindingsParts {
  readonly incoming: Incoming;
  readonly notebook: Notebook;
  readonly told: ToldChain;
  readonly committed: readonly NewMail[];
  readonly attempts: ReadonlyMap<NewMail, FirstAttempt>;
  /** `nothing`: differences are left empty, for those who do many and look at few. */
  readonly compare: 'contents' | 'nothing';
}

const NOTHING_TRIED: FirstAttempt = { destinations: new Map(), outcomes: new Map(), steps: [], notifications: [] };

export class Findings {
  readonly #parts: FindingsParts;
  readonly #compared = new Map<Content, Map<Content, Promise<ContentDifference>>>();

  constructor(parts: FindingsParts) {
    this.#parts = parts;
  }

  async write(said: {
    readonly session: Session;
    readonly exchanges: readonly Exchange[];
    readonly answers: Answers;
  }): Promise<Rehearsal> {
    const { notebook, told, committed, attempts } = this.#parts;
    const { session, exchanges, answers } = said;
    const mails: RehearsedMail[] = [];
    for (const one of committed) mails.push(await this.#mail(one, attempts.get(one) ?? NOTHING_TRIED));
    for (const { mail, by, reason, trace } of told.discarded) {
      mails.push(await this.#mail({ mail, trace, fate: { kind: 'discard', by, reason } }, NOTHING_TRIED));
    }
    const recipients = this.#recipients(answers, mails);
    const verdict = worst(recipients.map(one => one.verdict));
    const { withheld, logged } = notebook;
    const revisions: Revision[] = [];
    const content = exchanges.filter(({ stage }) => stage === 'content');
    for (const [index, { steps }] of content.entries()) {
      const sealed = [...told.sealed.values()][index];
      if (sealed !== undefined) revisions.push(...(await this.#revisions(sealed, steps)));
    }
    return { verdict, session, exchanges, recipients, mails, revisions, withheld, logged };
  }

  async #mail(
    { mail, trace, fate }: Pick<RehearsedMail, 'mail' | 'trace' | 'fate'>,
    { destinations, outcomes, steps, notifications }: FirstAttempt,
  ): Promise<RehearsedMail> {
    const { notebook, told, incoming } = this.#parts;
    const recipients = mail.envelope.recipients.map((recipient): RehearsedRecipient => {
      const routed = told.routes.get(recipient);
      return {
        recipient,
        destination: destinations.get(recipient) ?? recipient.forwardPath.domain,
        route: routed?.kind === 'routed' ? routed.route : null,
        because: routed?.because ?? [],
        outcome: outcomes.get(recipient) ?? null,
      };
    });
    const deliveries: RehearsedDelivery[] = [];
    for (const one of notebook.deliveries) if (one.mail.id === mail.id) deliveries.push(await this.#delivery(one));
    return {
      mail,
      fate,
      trace: [...trace, ...steps],
      revisions: await this.#revisions(told.sealed.get(mail.id.replace(/\..*$/, '')) ?? mail.content, trace),
      difference: await this.#compare(incoming.content, mail.content),
      recipients,
      deliveries,
      notifications,
    };
  }

  /** What the engine adds, then what each plugin makes of it. */
  async #revisions(sealed: Content, trace: readonly TraceStep[]): Promise<readonly Revision[]> {
    const { notebook, incoming } = this.#parts;
    const ours = { plugin: 'mailframe', before: incoming.content, after: sealed };
    const revisions = [await this.#revision(ours, 'data', null)];
    for (const step of trace) {
      const made = step.hook === 'data' ? notebook.rewritten.get(step.changes) : undefined;
      if (made !== undefined) revisions.push(await this.#revision(made, 'data', step));
    }
    return revisions;
  }

  async #revision(made: Rewritten, hook: Revision['hook'], step: TraceStep | null): Promise<Revision> {
    return { ...made, hook, step, difference: await this.#compare(made.before, made.after) };
  }

  async #delivery({ rewritten, ...delivery }: NotedDelivery): Promise<RehearsedDelivery> {
    const revisions: Revision[] = [];
    for (const one of rewritten) revisions.push(await this.#revision(one, 'deliver', null));
    return { ...delivery, revisions };
  }

  /** The same two are compared once. */
  #compare(before: Content, after: Content): Promise<ContentDifference> {
    const size = { before: before.size, after: after.size };
    if (this.#parts.compare === 'nothing') return Promise.resolve({ size, header: [], parts: [], breaks: [] });
    const known = this.#compared.get(before) ?? new Map<Content, Promise<ContentDifference>>();
    this.#compared.set(before, known);
    const difference = known.get(after) ?? differenceOf(before, after);
    known.set(after, difference);
    return difference;
  }

  #recipients(answers: Answers, mails: readonly RehearsedMail[]): readonly AskedRecipient[] {
    const { incoming, told } = this.#parts;
    const byKey = new Map<string, RehearsedRecipient>();
    for (const { recipients } of mails) for (const one of recipients) byKey.set(recipientKey(one.recipient), one);
    return [...new Set(incoming.to)].map(address => {
      const reply = answers.get(address) ?? SILENCE;
      const claim = told.claims.findLast(({ asked }) => isNamed(asked, address));
      const claimed = reply.code === 250 ? (claim?.recipients ?? []) : [];
      const found = claimed.flatMap(one => {
        const rehearsed = byKey.get(recipientKey(one));
        return rehearsed === undefined ? [] : [{ rehearsed, way: one.via }];
      });
      const leadsTo = found.map(({ rehearsed }) => rehearsed);
      const verdict = worst([verdictOfReply(reply), ...leadsTo.map(({ outcome }) => verdictOf(outcome))]);
      return { address, verdict, reply, leadsTo, ways: found.map(({ way }) => way) };
    });
  }
}

/** The client was not answered: it is for it to come again. */
const SILENCE: SaidReply = { code: 421, text: '421 4.3.0 No answer' };

function isNamed({ original }: Recipient, address: string): boolean {
  const name = formatMailbox(original);
  return name === address || name.toLowerCase() === address.toLowerCase();
}

function verdictOfReply({ code }: SaidReply): Verdict {
  if (code < 400) return 'accepted';
  return code < 500 ? 'deferred' : 'refused';
}

/** Mail that is held or thrown away is what the gateway wants. */
function verdictOf(outcome: Outcome | null): Verdict {
  switch (outcome?.kind) {
    case undefined:
    case 'delivered':
      return 'accepted';
    case 'deferred':
      return 'deferred';
    case 'bounced':
      return 'refused';
  }
}

function worst(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('refused')) return 'refused';
  return verdicts.includes('deferred') ? 'deferred' : 'accepted';
}
