/**
 * What is found by reading the configuration alone: nobody is asked, nothing is opened. Cheap and certain, so that it is told
 * at every start too.
 */
import { contentOrder } from './content-order.ts';
import type { Finding, Subject } from './finding.ts';
import { idleTransports } from './idle-transports.ts';
import { impossibleConditions } from './impossible-conditions.ts';
import { mailLoops } from './mail-loops.ts';
import { uncoveredRecipients } from './uncovered-recipients.ts';
import { unreachableDestinations } from './unreachable-destinations.ts';
import { unreachableRoutes } from './unreachable-routes.ts';

export function foundByReading(subject: Subject): readonly Finding[] {
  const { findings, dead } = unreachableRoutes(subject);
  return [
    ...impossibleConditions(subject),
    ...findings,
    ...idleTransports(subject, dead),
    ...unreachableDestinations(subject),
    ...mailLoops(subject),
    ...uncoveredRecipients(subject),
    ...contentOrder(subject),
  ];
}
