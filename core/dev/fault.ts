/** The ways in which the next hop can be made to fail: a place in the session, and a manner. */
import type { SinkFaults } from '../testing/sink-settings.ts';

/** Where in a session it fails, in the order of the session. */
export const FAULT_PLACES = ['connect', 'greeting', 'starttls', 'mail', 'rcpt', 'data', 'content'] as const;
export type FaultPlace = (typeof FAULT_PLACES)[number];

/** How it fails. `none`: not at all. */
export type FaultManner = 'none' | 'later' | 'never' | 'hang up' | 'silence' | 'slow' | 'refuse' | 'no answer';

/** What goes wrong now. */
export interface Fault {
  readonly place: FaultPlace;
  readonly manner: FaultManner;
}

export const NO_FAULT: Fault = { place: 'connect', manner: 'none' };

const SPOKEN: readonly FaultManner[] = ['later', 'never', 'hang up', 'silence'];

/** Which manners make sense at a place. */
export const MANNERS: Readonly<Record<FaultPlace, readonly FaultManner[]>> = {
  connect: ['refuse', 'no answer', 'slow'],
  greeting: SPOKEN,
  starttls: ['later', 'hang up'],
  mail: SPOKEN,
  rcpt: SPOKEN,
  data: SPOKEN,
  content: SPOKEN,
};

/** The fault of a place and a manner as the page names them, or `null` where that is none. */
export function parseFault(place: unknown, manner: unknown): Fault | null {
  if (manner === 'none') return NO_FAULT;
  const at = FAULT_PLACES.find(one => one === place);
  const how = at === undefined ? undefined : MANNERS[at].find(one => one === manner);
  return at === undefined || how === undefined ? null : { place: at, manner: how };
}

const LATER: Readonly<Record<Exclude<FaultPlace, 'connect'>, `4${string}`>> = {
  greeting: '421 4.3.2 Not taking mail at the moment',
  starttls: '454 4.7.0 TLS is not available at the moment',
  mail: '451 4.7.1 Please come back later',
  rcpt: '450 4.2.1 This mailbox is busy',
  data: '451 4.3.0 Cannot take content at the moment',
  content: '452 4.3.1 The disk is full',
};

const NEVER: Readonly<Record<Exclude<FaultPlace, 'connect'>, `5${string}`>> = {
  greeting: '554 5.7.1 We take no mail from you',
  starttls: '554 5.7.0 No TLS here',
  mail: '550 5.7.1 This sender is not welcome',
  rcpt: '550 5.1.1 No such mailbox',
  data: '554 5.3.0 No content today',
  content: '554 5.7.1 This content is not wanted',
};

/** The same as the sink knows it. What happens before a session is not its business. */
export function sinkFaults({ place, manner }: Fault): SinkFaults {
  if (place === 'connect') return {};
  const fault = sinkFault(place, manner);
  return fault === null ? {} : { [place === 'greeting' ? 'connect' : place]: fault };
}

function sinkFault(place: Exclude<FaultPlace, 'connect'>, manner: FaultManner) {
  switch (manner) {
    case 'later':
      return LATER[place];
    case 'never':
      return NEVER[place];
    case 'hang up':
      return 'drop';
    case 'silence':
      return 'silent';
    case 'none':
    case 'slow':
    case 'refuse':
    case 'no answer':
      return null;
  }
}

/** What a connection fails with before anything is said, as an errno, or `null`. */
export function connectError({ place, manner }: Fault): 'ECONNREFUSED' | 'ETIMEDOUT' | null {
  if (place !== 'connect') return null;
  if (manner === 'refuse') return 'ECONNREFUSED';
  return manner === 'no answer' ? 'ETIMEDOUT' : null;
}
