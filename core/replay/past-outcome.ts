/**
 * What became of a mail that a gateway took, as far as its queue or its history tells: whom it was for in the end, by which
 * transport it was tried. What a next hop said of it is not what a configuration decides.
 */
import type { TakenMail } from '../corpus/sample.ts';
import { recipientKey } from '../mail/envelope.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import type { ReplayedOutcome, Way } from './outcome.ts';

/** `to`: as the recipients were named. */
export function pastOutcome({ envelope, trace }: TakenMail, to: readonly string[]): ReplayedOutcome {
  const recipients = to.map(address => {
    const led = envelope.recipients.filter(({ original }) => formatMailbox(original) === address);
    const ways = led.map((recipient): Way => {
      const name = formatPath(recipient.forwardPath);
      const attempt = trace.findLast(({ hook, asked }) => hook === 'deliver' && asked.split(' ').includes(name));
      return { ...NOT_KNOWN, to: recipientKey(recipient), via: recipient.via, transport: attempt?.plugin ?? null };
    });
    return { address, answer: 'accepted', answeredBy: null, ways };
  });
  return { verdict: 'accepted', recipients };
}

const NOT_KNOWN: Omit<Way, 'to' | 'via'> = {
  viaBy: null,
  fate: null,
  fateBy: null,
  transport: null,
  hosts: null,
  routeBy: null,
  outcome: null,
  outcomeBy: null,
  act: null,
  content: null,
  facts: null,
};
