/** What became of a message in a few words, for those who look at one configuration alone. */
import type { Difference } from './difference.ts';
import type { ReplayedOutcome, ReplayedRecipient, Way } from './outcome.ts';

/** Alike for all messages that met the same decisions. `subject`: the one that decided. */
export type Standing = Omit<Difference, 'from'>;

export function standingsOf({ recipients }: ReplayedOutcome): readonly Standing[] {
  const standings = recipients.flatMap(ofRecipient);
  return [...new Map(standings.map(one => [JSON.stringify(one), one])).values()];
}

function ofRecipient({ answer, answeredBy, ways }: ReplayedRecipient): readonly Standing[] {
  if (answer !== 'accepted') return [standing('answer', answer, answeredBy)];
  return (ways ?? []).map(ofWay);
}

function ofWay(way: Way): Standing {
  const { fate, fateBy, transport, routeBy, outcome, outcomeBy } = way;
  if (fate !== null && fate !== 'taken') return standing('fate', `accepted, and ${fate}`, fateBy);
  if (outcome !== null && outcome !== 'delivered') return standing('delivery', `accepted, then ${outcome}`, outcomeBy);
  return standing('route', `accepted, and given to ${transport ?? 'nobody'}`, routeBy);
}

function standing(subject: Standing['subject'], to: string, by: ReplayedRecipient['answeredBy']): Standing {
  return { subject, topic: null, to, by: by === null ? null : { ...by, side: 'new' } };
}
