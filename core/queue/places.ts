/** Where the recipients of a new mail wait, as it says or by default. */
import type { NewMail, Place } from '../plugin/queue-store.ts';

/**
 * One place for each recipient, in their order.
 * @throws RangeError where there are no recipients, or not as many places.
 */
export function placesOf({ mail, places }: Pick<NewMail, 'mail' | 'places'>): readonly Place[] {
  const { recipients, parameters } = mail.envelope;
  if (recipients.length === 0) throw new RangeError(`the mail ${mail.id} has no recipients`);
  if (places !== undefined) {
    if (places.length !== recipients.length)
      throw new RangeError(`the mail ${mail.id} has not a place for each recipient`);
    return places;
  }
  return recipients.map(({ forwardPath }) => ({
    destination: forwardPath.domain,
    priority: parameters.priority,
    expires: null,
  }));
}

/** The destinations of a new mail, each once. */
export function destinationsOf(mail: Pick<NewMail, 'mail' | 'places'>): ReadonlySet<string> {
  return new Set(placesOf(mail).map(({ destination }) => destination));
}
