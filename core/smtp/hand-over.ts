/**
 * Takes a transaction from DATA to its reply: content in, the chain's decision, commit, 250.
 *
 * Guarantee: the client hears 250 only after every mail of the transaction is durable. Whatever fails before that is a
 * refusal, and the client, who has not been told otherwise, still has the mail.
 */
import type { Mixed } from '../chain/chain.ts';
import type { ContentGroup, Refused } from '../chain/decision.ts';
import { recipientKey } from '../mail/envelope.ts';
import { describeError, LOCAL_ERROR, replyToError } from '../mail/failure.ts';
import type { Mail } from '../mail/mail.ts';
import { formatPath } from '../mail/path.ts';
import type { Session } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { HeaderBlock } from '../mime/header.ts';
import { type Nature, natureOf } from '../mime/nature.ts';
import type { HookName } from '../plugin/hooks.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import { inLines } from './binary-content.ts';
import { byOwner, type Outgoing } from './by-owner.ts';
import { missingFields } from './completion.ts';
import { type Sealed, takeIn } from './intake.ts';
import { receivedField } from './received.ts';
import { engineRefuses, refuse } from './refuse.ts';
import { queued, type Said, TOO_MANY_HOPS } from './replies.ts';
import { splitByCommand } from './reply-for-each.ts';
import type { Setting } from './setting.ts';
import type { Transaction } from './transaction.ts';
import { forwardedField } from './xforward.ts';

/** A transaction that is to be handed over. */
export interface HandOver {
  readonly session: Session;
  /** Of the session: connect, helo, auth. */
  readonly steps: Trace;
  readonly transaction: Transaction;
  /** What follows 354. */
  readonly stream: AsyncIterable<Buffer>;
  /** Whether the client has gone and no reply can reach it any more. */
  hasGone(): boolean;
  /** As `Reception.commit`. */
  commit(mails: readonly NewMail[]): Promise<void>;
  /** Given when its content begins to arrive. */
  readonly queueId?: string;
}

/**
 * Does all of it.
 * @returns one reply, or by LMTP one for each RCPT in their order; `null` where the client left and nobody waits.
 */
export async function handOver(setting: Setting, arriving: HandOver): Promise<readonly Said[] | null> {
  const { options, reception, log } = setting;
  const { maxSize, bareNewline, limits } = options;
  const id = reception.queueId();
  const it = { ...arriving, queueId: id };
  let nature: Nature = 'personal';
  const intake = await takeIn(it.stream, {
    maxSize,
    bareNewline: it.transaction.isBinary ? 'keep' : bareNewline,
    header: limits.header,
    contentLine: limits.contentLine,
    spool: () => reception.spool(),
    memory: reception.memory,
    seal: header => {
      nature = natureOf(header);
      return seal(setting, it, id, header);
    },
  });
  switch (intake.kind) {
    case 'left':
      log.debug('left', { during: 'content', queueId: id });
      return null;
    case 'refused':
      if (intake.broken === true) log.error('failed', { queueId: id, receiving: intake.because });
      return refused(setting, it, engineRefuses(intake.reply, intake.because));
    case 'taken': {
      const { content } = intake;
      const { envelope, facts } = it.transaction;
      const mail = { id, envelope, content, receivedAt: reception.clock.now(), facts, session: it.session };
      try {
        const commit = (mails: readonly NewMail[]) => it.commit(mails.map(one => ({ ...one, nature })));
        return await (it.transaction.isBinary ? decideBinary : decide)(setting, { ...it, commit }, mail);
      } finally {
        await intake.dispose();
      }
    }
  }
}

/** One reply for the whole transaction, as often as the protocol wants it. */
export function toEach(reply: Said, { commands }: Transaction, protocol: 'smtp' | 'lmtp'): readonly Said[] {
  return protocol === 'lmtp' ? commands.map(() => reply) : [reply];
}

function seal({ options, reception }: Setting, it: HandOver, id: string, header: HeaderBlock): Sealed {
  const hops = header.named('received').length;
  if (hops > options.limits.hops) return { kind: 'refused', reply: TOO_MANY_HOPS, because: `${hops} Received fields` };
  const { hostname, role } = options;
  const { session, transaction } = it;
  const at = reception.clock.now();
  const { smtpUtf8, priority } = transaction.parameters;
  const received = receivedField({ session, hostname, id, smtpUtf8, priority, recipients: transaction.originals, at });
  const submitted = role === 'submission' || session.user !== null;
  const missing = submitted ? missingFields(header, { at, id, hostname, random: reception.random }) : '';
  return { kind: 'sealed', fields: received + missing };
}

async function decideBinary(setting: Setting, it: HandOver, mail: Mail): Promise<readonly Said[] | null> {
  const found = await inLines(mail);
  if (found.kind === 'refused') return refused(setting, it, engineRefuses(found.reply, found.because));
  const steps = found.step === null ? it.steps : [...it.steps, found.step];
  return decide(setting, { ...it, steps }, found.mail);
}

async function decide(setting: Setting, it: HandOver, mail: Mail): Promise<readonly Said[] | null> {
  const { chain, log, options } = setting;
  const { decision, steps } = await chain.content(mail, mixedBy(setting, it.session));
  if (decision.kind === 'refused') return refused(setting, it, decision, steps);
  const split = options.protocol === 'lmtp' ? splitByCommand(it.transaction.commands, decision.groups) : null;
  // In the order of the recipients, so that the first one's mail bears the id that the client hears.
  const groups = (split?.groups ?? decision.groups)
    .flatMap(group => byOwner(group, mail.envelope))
    .toSorted((one, other) => positionOf(one.group, mail) - positionOf(other.group, mail))
    .map((outgoing, index) => placed(outgoing, { mail, index, before: before(it) }));
  const mails: readonly NewMail[] = groups.flatMap(({ group: { fate }, mail, trace }) =>
    fate.kind === 'discard' || fate.kind === 'refused' ? [] : [{ mail, trace, fate }],
  );
  if (it.hasGone()) {
    // It was never told 250 and will send the mail again: taking it now would deliver it twice.
    log.debug('left', { during: 'decision', queueId: mail.id });
    return null;
  }
  for (const { fate } of decision.groups) if (fate.kind === 'refused') refused(setting, it, fate, steps);
  const failed = mails.length === 0 ? null : await failureToCommit(setting, it, { mails, id: mail.id, steps });
  // From here on it is ours: nothing that goes wrong may still tell the client otherwise.
  if (failed === null) for (const one of groups) announce(setting, one);
  if (split === null) return [failed ?? queued(mail.id)];
  return split.refusals.map((refusal, index) => refusal ?? failed ?? queued(idOf(it.transaction, index, groups)));
}

/** Commits all of it. @returns what the client hears where that fails, or `null`. */
async function failureToCommit(
  setting: Setting,
  it: HandOver,
  { mails, id, steps }: { readonly mails: readonly NewMail[]; readonly id: string; readonly steps: Trace },
): Promise<Said | null> {
  try {
    await it.commit(mails);
    return null;
  } catch (error) {
    if (it.hasGone()) {
      setting.log.debug('left', { during: 'commit', queueId: id, cause: describeError(error) });
      return LOCAL_ERROR;
    }
    setting.log.error('failed', { queueId: id, committing: describeError(error) });
    const reply = replyToError(error);
    refused(setting, it, engineRefuses(reply, describeError(error)), steps);
    return reply;
  }
}

/** The queue id under which the recipients of a RCPT command were put. */
function idOf({ commands }: Transaction, index: number, groups: readonly Placed[]): string {
  const key = commands[index]?.keys[0];
  const found = groups.find(({ group }) => group.recipients.some(recipient => recipientKey(recipient) === key));
  if (found === undefined) throw new Error('a RCPT that is not refused has a group');
  return found.mail.id;
}

function mixedBy(setting: Setting, session: Session): Mixed {
  if (setting.options.protocol === 'lmtp') return 'each';
  return takesMixed(setting, session) ? 'notify' : 'refuse';
}

/** Whether one transaction may hold recipients of several groups. */
export function takesMixed({ options }: Setting, session: Session): boolean {
  if (options.protocol === 'lmtp') return true;
  switch (options.mixed) {
    case 'auto':
      return session.user !== null;
    case 'one-group':
      return false;
    case 'notify':
      return true;
  }
}

function positionOf({ recipients: [first] }: ContentGroup, { envelope }: Mail): number {
  return first === undefined ? 0 : envelope.recipients.indexOf(first);
}

/** A group as a mail of its own. */
interface Placed {
  readonly mail: Mail;
  readonly trace: Trace;
  readonly group: ContentGroup;
}

function placed(
  { group, envelope }: Outgoing,
  at: { readonly mail: Mail; readonly index: number; readonly before: Trace },
): Placed {
  const { mail, index, before } = at;
  const { content, facts } = group;
  const id = index === 0 ? mail.id : `${mail.id}.${index + 1}`;
  return { mail: { ...mail, id, envelope, content, facts }, trace: [...before, ...group.steps], group };
}

function announce({ chain, log }: Setting, { mail, trace, group }: Placed): void {
  const { fate } = group;
  if (fate.kind === 'refused') return;
  const about = {
    queueId: mail.id,
    from: formatPath(mail.envelope.reversePath),
    recipients: mail.envelope.recipients.length,
    ...forwardedField(mail.session.forwarded),
  };
  if (fate.kind === 'discard') {
    log.info('discarded', { ...about, by: fate.by, reason: fate.reason });
    chain.tell('discarded', { mail, by: fate.by, reason: fate.reason, trace });
    return;
  }
  log.info('accepted', { ...about, size: mail.content.size, client: mail.session.client.address, fate: fate.kind });
  chain.tell('accepted', { mail, trace });
  if (fate.kind !== 'hold') return;
  log.info('held', { queueId: mail.id, by: fate.by, reason: fate.reason });
  chain.tell('held', { mail, by: fate.by, reason: fate.reason, trace });
}

function refused(setting: Setting, it: HandOver, decision: Refused, steps: Trace = []): readonly Said[] {
  const { envelope } = it.transaction;
  const reply = refuse(setting, {
    session: it.session,
    hook: hookOf(decision, steps),
    decision,
    asked: `content from ${formatPath(envelope.reversePath)}`,
    recipient: null,
    ...(it.queueId === undefined ? {} : { queueId: it.queueId }),
    trace: [...before(it), ...steps],
  });
  return toEach(reply, it.transaction, setting.options.protocol);
}

function before(it: HandOver): Trace {
  return [...it.steps, ...it.transaction.steps];
}

/** The chain walks `data` and `queue` as one: the trace says at which the plugin refused. */
function hookOf(decision: Refused, steps: Trace): HookName {
  return steps.findLast(step => step.plugin === decision.by)?.hook === 'queue' ? 'queue' : 'data';
}
