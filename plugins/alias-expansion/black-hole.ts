/**
 * Black holes: recipients whose mail is taken and thrown away.
 *
 * A recipient keeps its own address and carries a mark in `via`; whatever transport its route names, the mail ends here.
 */
import {
  type Around,
  deliveredTo,
  type Expansion,
  type ForwardPath,
  type Recipient,
  report,
} from '../../core/index.ts';

const MARK = ' -> :blackhole:';

/** The recipient itself, marked. `via` is the way to the black hole. */
export function swallowed(to: ForwardPath, via: string): Expansion {
  return { to, via: via + MARK };
}

/** Reports marked recipients as delivered and shows the transport only the others. */
export const swallow: Around = async (call, next) => {
  if (call.hook !== 'deliver') return next();
  const delivery = call.subject;
  const marked = delivery.recipients.filter(isMarked);
  if (marked.length === 0) return next();
  const outcomes = marked.map(one => [one, deliveredTo(`thrown away: ${one.via.join(' -> ')}`)] as const);
  const others = delivery.recipients.filter(one => !isMarked(one));
  if (others.length === 0) return report(outcomes);
  const answer = await next({ ...delivery, recipients: others });
  return report([...outcomes, ...(answer?.kind === 'report' ? answer.outcomes : [])]);
};

function isMarked({ via }: Recipient): boolean {
  return via.some(step => step.endsWith(MARK));
}
