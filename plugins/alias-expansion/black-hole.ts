/**
 * Black holes: recipients whose mail is taken and thrown away.
 *
 * A recipient keeps its own address and carries a mark in `via`; whatever transport its route names, the mail ends here.
 */
import {
  type Around,
  type Delivery,
  deliveredTo,
  type Expansion,
  type ForwardPath,
  type Next,
  type Recipient,
  type Report,
  report,
} from '../../core/index.ts';

const MARK = ' -> :blackhole:';

/** The recipient itself, marked. `via` is the way to the black hole. */
export function swallowed(to: ForwardPath, via: string): Expansion {
  return { to, via: via + MARK };
}

/** Reports marked recipients as delivered and shows the transport only the others. */
export const swallow: Around = (call, next) => {
  if (call.hook !== 'deliver' || !call.subject.recipients.some(isMarked)) return next();
  return withoutMarked(call.subject, next);
};

async function withoutMarked(delivery: Delivery, next: Next): Promise<Report> {
  const marked = delivery.recipients.filter(isMarked);
  const outcomes = marked.map(one => [one, deliveredTo(`thrown away: ${one.via.join(' -> ')}`)] as const);
  const others = delivery.recipients.filter(one => !isMarked(one));
  if (others.length === 0) return report(outcomes);
  const answer = await next({ ...delivery, recipients: others });
  return report([...outcomes, ...(answer?.kind === 'report' ? answer.outcomes : [])]);
}

function isMarked({ via }: Recipient): boolean {
  return via.some(step => step.endsWith(MARK));
}
