/** Refuses a client: the log names hook, plugin and cause, the observers hear of it, and the client hears the reply alone. */
import type { Refused } from '../chain/decision.ts';
import type { Recipient } from '../mail/envelope.ts';
import { formatMailbox } from '../mail/path.ts';
import { formatReply, isPermanent, type Refusal } from '../mail/reply.ts';
import type { Session } from '../mail/session.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { HookName } from '../plugin/hooks.ts';
import type { KnownSession } from './known-session.ts';
import type { Setting } from './setting.ts';
import { forwardedField } from './xforward.ts';

/** Stands for the engine where a plugin's id would stand. */
const ENGINE = 'mailframe';

/** A refusal and where it happened. */
export interface RefusalEvent {
  readonly session: Session;
  readonly hook: HookName;
  readonly decision: Refused;
  /** What was asked for, as the trace puts it: `ann@example.test`. */
  readonly asked: string;
  readonly recipient: Recipient | null;
  /** Of the mail that was refused, where it had one. */
  readonly queueId?: string;
  /** All that was asked before, and for this. */
  readonly trace: Trace;
}

/** A decision of the engine itself. */
export function engineRefuses(reply: Refusal, because: string): Refused {
  return { kind: 'refused', reply, by: ENGINE, because };
}

/** Logs and tells. @returns what the client hears. */
export function refuse({ chain, log, reception }: Setting, event: RefusalEvent): Refusal {
  const { session, hook, decision, recipient } = event;
  const { reply, by, because } = decision;
  log.info('refused', {
    ...(event.queueId === undefined ? {} : { queueId: event.queueId }),
    hook,
    by,
    because,
    reply: formatReply(reply),
    client: session.client.address,
    ...forwardedField(session.forwarded),
    ...(recipient === null ? {} : { recipient: formatMailbox(recipient.original) }),
  });
  const step = by === ENGINE ? [engineStep(event, reception.clock.now())] : [];
  chain.tell('refused', { session, hook, reply, by, because, recipient, trace: [...event.trace, ...step] });
  return reply;
}

/** Refuses what a client asked for about whom this is known. `steps`: since the session's own. */
export function refuseKnown(
  setting: Setting,
  { session, steps: before }: KnownSession,
  hook: HookName,
  decision: Refused,
  about: { readonly asked: string; readonly steps?: Trace; readonly recipient?: Recipient },
): Refusal {
  const { asked, steps = [], recipient = null } = about;
  return refuse(setting, { session, hook, decision, asked, recipient, trace: [...before, ...steps] });
}

/** Plugins leave steps of their own; the engine's refusals stand in the trace like theirs. */
function engineStep({ hook, asked, decision: { reply, because } }: RefusalEvent, at: Date): TraceStep {
  return {
    at: at.getTime(),
    hook,
    plugin: ENGINE,
    mode: 'enforce',
    asked,
    answer: isPermanent(reply) ? 'reject' : 'defer',
    detail: because === null ? formatReply(reply) : `${formatReply(reply)} (${because})`,
    took: 0,
    changes: [],
    facts: {},
  };
}
