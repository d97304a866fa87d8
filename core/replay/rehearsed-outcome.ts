/** The outcome of a rehearsal, in the terms in which two are compared. */
import { relative } from 'node:path';
import type { Mailbox } from '../mail/address.ts';
import { recipientKey } from '../mail/envelope.ts';
import type { Outcome } from '../mail/outcome.ts';
import { parseMailbox } from '../mail/path.ts';
import { formatReply } from '../mail/reply.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { Act, Preview } from '../plugin/preview.ts';
import type {
  AskedRecipient,
  Exchange,
  Rehearsal,
  RehearsedDelivery,
  RehearsedMail,
  RehearsedRecipient,
} from '../rehearsal/rehearsal.ts';
import { contentPrint } from './content-print.ts';
import { masked, maskedPath } from './masked.ts';
import type { ContentPrint, Decider, ReplayedOutcome, ReplayedRecipient, Way } from './outcome.ts';

/** `directory`: where the configuration lies: what it leads to is told from there. */
export async function rehearsedOutcome(rehearsal: Rehearsal, directory: string): Promise<ReplayedOutcome> {
  const reader = new Reader(rehearsal, directory);
  const recipients: ReplayedRecipient[] = [];
  for (const one of rehearsal.recipients) recipients.push(await reader.recipient(one));
  return { verdict: rehearsal.verdict, recipients };
}

class Reader {
  readonly #rehearsal: Rehearsal;
  readonly #directory: string;
  /** Recipients of one mail share what is delivered: it is looked at once. */
  readonly #prints = new Map<unknown, Promise<ContentPrint>>();

  constructor(rehearsal: Rehearsal, directory: string) {
    this.#rehearsal = rehearsal;
    this.#directory = directory;
  }

  async recipient(asked: AskedRecipient): Promise<ReplayedRecipient> {
    const { address, reply, leadsTo } = asked;
    const mailbox = parseMailbox(address);
    const names = mailbox === null ? [] : [mailbox];
    if (reply.code >= 400) {
      const text = masked(reply.text.replaceAll('\n', ' '), names);
      const answer = `${reply.code < 500 ? 'deferred' : 'refused'} ${text}`;
      return { address, answer, answeredBy: this.#answerer(asked, names), ways: [] };
    }
    const viaBy = this.#stepsOf(asked).findLast(({ answer }) => answer === 'expand')?.plugin ?? null;
    const ways: Way[] = [];
    for (const one of leadsTo) ways.push({ ...(await this.#way(one, names)), viaBy });
    return { address, answer: 'accepted', answeredBy: null, ways };
  }

  /** The last step that refused anything in the exchange that the reply was heard in. */
  #answerer({ address, reply }: AskedRecipient, names: readonly Mailbox[]): Decider | null {
    const heard = this.#rehearsal.exchanges.filter(({ replies }) => replies.some(({ text }) => text === reply.text));
    const own = heard.findLast(exchange => isAbout(exchange, address));
    const steps = (own ?? heard.at(-1))?.steps ?? [];
    const step = steps.findLast(({ mode, answer }) => mode === 'enforce' && REFUSING.has(answer));
    if (step === undefined) return heard.length === 0 ? null : { who: 'mailframe', rule: null };
    return { who: step.plugin, rule: reasonIn(step, names) };
  }

  #stepsOf({ address }: AskedRecipient): Trace {
    return this.#rehearsal.exchanges.findLast(exchange => isAbout(exchange, address))?.steps ?? [];
  }

  async #way(rehearsed: RehearsedRecipient, names: readonly Mailbox[]): Promise<Omit<Way, 'viaBy'>> {
    const { recipient, route, because, outcome } = rehearsed;
    const mail = this.#mailOf(rehearsed);
    const delivery = this.#deliveryOf(rehearsed, mail);
    const preview = delivery?.previews.find(({ recipients }) => recipients.includes(recipient));
    const all = [...names, recipient.forwardPath];
    return {
      to: recipientKey(recipient),
      via: recipient.via,
      ...fateOf(mail),
      transport: route?.transport ?? null,
      hosts: route === null ? null : route.hosts.map(({ name, port }) => `${name}:${port}`),
      routeBy: because.length === 0 ? null : { who: because[0]?.about ?? '', rule: because[0]?.text ?? null },
      outcome: outcome === null ? null : masked(outcomeText(outcome), all),
      outcomeBy: outcome === null ? null : outcomeBy(mail, route?.transport ?? null, all),
      act: preview === undefined || preview.act === null ? null : this.#actText(preview.act, recipient.forwardPath),
      content: mail === null ? null : await this.#print(mail, delivery, preview),
      facts: mail === null ? null : notedFacts(mail),
    };
  }

  #mailOf(rehearsed: RehearsedRecipient): RehearsedMail | null {
    return this.#rehearsal.mails.find(({ recipients }) => recipients.includes(rehearsed)) ?? null;
  }

  #deliveryOf({ recipient }: RehearsedRecipient, mail: RehearsedMail | null): RehearsedDelivery | undefined {
    return mail?.deliveries.find(({ recipients }) => recipients.includes(recipient));
  }

  /** As it would arrive; where nothing says that, as it was given out last. */
  #print(mail: RehearsedMail, delivery: RehearsedDelivery | undefined, preview: Preview | undefined) {
    const content = preview?.content ?? delivery?.mail.content ?? mail.mail.content;
    const known = this.#prints.get(content);
    if (known !== undefined) return known;
    const print = contentPrint(content, mail.trace);
    this.#prints.set(content, print);
    return print;
  }

  #actText(act: Act, mailbox: Mailbox): string {
    switch (act.kind) {
      case 'append':
        return `in ${maskedPath(relative(this.#directory, act.file), mailbox)}`;
      case 'create':
        return `in ${maskedPath(relative(this.#directory, act.folder), mailbox)}`;
      case 'transaction':
        return act.protocol;
      case 'program':
        return `program ${act.command[0] ?? ''}`;
    }
  }
}

function isAbout({ stage, said }: Exchange, address: string): boolean {
  return stage === 'rcpt' && said.includes(`<${address}>`);
}

const REFUSING: ReadonlySet<string> = new Set(['reject', 'defer', 'failed', 'late']);

/** What a step says beside the reply: `… (the client is listed)`, or why it failed. */
function reasonIn({ answer, detail }: TraceStep, names: readonly Mailbox[]): string | null {
  if (detail === null) return null;
  if (answer === 'failed' || answer === 'late') return masked(detail, names);
  const because = /^\d{3} \S+ .*? \((.*)\)$/s.exec(detail)?.[1];
  return because === undefined ? null : masked(because, names);
}

function fateOf(mail: RehearsedMail | null): Pick<Way, 'fate' | 'fateBy'> {
  switch (mail?.fate.kind) {
    case undefined:
      return { fate: null, fateBy: null };
    case 'deliver':
      return { fate: 'taken', fateBy: null };
    case 'hold':
      return { fate: 'held', fateBy: { who: mail.fate.by, rule: mail.fate.reason } };
    case 'discard':
      return { fate: 'discarded', fateBy: { who: mail.fate.by, rule: mail.fate.reason } };
    case 'bounce':
      return { fate: `returned: ${formatReply(mail.fate.reply)}`, fateBy: refuserIn(mail) };
  }
}

function notedFacts({ mail, trace }: RehearsedMail): Way['facts'] {
  const by = (name: string) => trace.findLast(({ mode, facts }) => mode === 'enforce' && Object.hasOwn(facts, name));
  return Object.fromEntries(
    Object.entries(mail.facts).map(([name, value]) => [name, { value, by: by(name)?.plugin ?? null }]),
  );
}

function refuserIn({ trace }: RehearsedMail): Decider | null {
  const step = trace.findLast(({ hook, answer }) => (hook === 'data' || hook === 'queue') && REFUSING.has(answer));
  return step === undefined ? null : { who: step.plugin, rule: reasonIn(step, []) };
}

function outcomeText(outcome: Outcome): string {
  return outcome.kind === 'delivered' ? 'delivered' : `${outcome.kind} ${formatReply(outcome.reply)}`;
}

function outcomeBy(mail: RehearsedMail | null, transport: string | null, names: readonly Mailbox[]): Decider | null {
  const step = mail?.trace.findLast(
    ({ hook, answer }) => (hook === 'deliver' || hook === 'route') && REFUSING.has(answer),
  );
  if (step !== undefined) return { who: step.plugin, rule: reasonIn(step, names) };
  return transport === null ? null : { who: transport, rule: null };
}
