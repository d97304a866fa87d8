/**
 * The `rcpt` hook: all plugins are asked; a refusal ends the walk and wins; at least one claim is needed.
 *
 * Default deny: a recipient that nobody claims is refused, so a gateway whose policy is missing relays nothing.
 */

import { type Envelope, type Recipient, recipientKey } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import { formatPath } from '../mail/path.ts';
import type { Session } from '../mail/session.ts';
import type { Expansion } from '../mail/verdict.ts';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import type { Subject } from '../plugin/hooks.ts';
import type { Claimed, Refused, Walked } from './decision.ts';
import { refusal, type Walker } from './walk.ts';

const NOBODY_CLAIMS: Refused = {
  kind: 'refused',
  reply: { code: 550, status: '5.7.1', text: 'Relay access denied' },
  by: 'mailframe',
  because: 'no plugin claims this recipient',
};

/** What plugins have said for the recipient so far. */
class Claims {
  accepted = false;
  readonly expansions: Expansion[] = [];

  get made(): boolean {
    return this.accepted || this.expansions.length > 0;
  }
}

/** What each plugin is asked about: `claimed` is what those above have said by then. */
class AskedRcpt implements Subject<'rcpt'> {
  readonly session: Session;
  readonly envelope: Envelope;
  readonly recipient: Recipient;
  readonly #claims: Claims;

  constructor(session: Session, envelope: Envelope, recipient: Recipient, claims: Claims) {
    this.session = session;
    this.envelope = envelope;
    this.recipient = recipient;
    this.#claims = claims;
  }

  get claimed(): boolean {
    return this.#claims.made;
  }
}

export function walkRcpt(
  walker: Walker,
  session: Session,
  asked: { readonly envelope: Envelope; readonly recipient: Recipient },
  facts: Facts,
): Awaitable<Walked<Claimed | Refused>> {
  const { envelope, recipient } = asked;
  const claims = new Claims();
  let refused: Refused | null = null;
  const question = { hook: 'rcpt', asked: formatPath(recipient.forwardPath), about: { session: session.id } } as const;
  const view = { session, facts, reversePath: envelope.reversePath, recipient };
  const subject = new AskedRcpt(session, envelope, recipient, claims);
  const walked = walker.walk(question, view, subject, heard => {
    if (heard.kind === 'failure') refused = heard.refused;
    else
      switch (heard.answer.kind) {
        case 'note':
          return 'go on';
        case 'accept':
          claims.accepted = true;
          return 'go on';
        case 'expand':
          claims.expansions.push(...heard.answer.to);
          return 'go on';
        case 'reject':
        case 'defer':
          refused = refusal(heard.link, heard.answer);
      }
    return 'end';
  });
  return whenThere(walked, known => ({
    decision: refused ?? decide(recipient, claims),
    facts: known.facts,
    steps: known.steps,
  }));
}

function decide(recipient: Recipient, { accepted, expansions }: Claims): Claimed | Refused {
  if (expansions.length > 0) return { kind: 'claimed', recipients: expanded(recipient, expansions) };
  return accepted ? { kind: 'claimed', recipients: [recipient] } : NOBODY_CLAIMS;
}

/** Those that a recipient stands for, each once. They keep what the client said and asked for. */
function expanded(recipient: Recipient, expansions: readonly Expansion[]): readonly Recipient[] {
  const recipients = new Map<string, Recipient>();
  for (const { to, via, ...others } of expansions) {
    const one = { ...recipient, forwardPath: to, via: [...recipient.via, via], ...others };
    const key = recipientKey(one);
    if (!recipients.has(key)) recipients.set(key, one);
  }
  return [...recipients.values()];
}
