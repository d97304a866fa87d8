/** Makes the chain of one configuration: its links in their order, and its routes. */

import { simpleConditions } from '../mail/condition.ts';
import type { RouteRule } from '../mail/route.ts';
import type { HappeningName, Happenings } from '../plugin/observer.ts';
import type { Clock, Random } from '../plugin/ports.ts';
import { whyAndWhere } from './blame.ts';
import type { Chain } from './chain.ts';
import { holds } from './condition.ts';
import { walkContent } from './content-hooks.ts';
import { attemptDelivery, placeOf, walkRoute } from './delivery-hooks.ts';
import type { Link } from './link.ts';
import { walkAuth, walkSecret } from './login-hooks.ts';
import { walkRcpt } from './rcpt-hook.ts';
import { RouteTable } from './route-table.ts';
import { walkConnect, walkHelo, walkLookup, walkMail } from './session-hooks.ts';
import type { ShadowWatch } from './shadow-watch.ts';
import { Walker } from './walk.ts';

export interface ChainParts {
  /** In the order of the configuration, which is the order of every walk. */
  readonly links: readonly Link[];
  readonly routes: readonly RouteRule[];
  readonly clock: Clock;
  readonly random: Random;
  /** Counts what links in shadow mode would have done. */
  readonly shadow?: ShadowWatch;
}

/** Makes a chain. */
export function createChain({ links, routes: rules, clock, random, shadow }: ChainParts): Chain {
  const walker = new Walker(links, clock, shadow);
  const routes = new RouteTable(rules, links, walker.answering('route'));
  const conditions = [...walker.answering('data'), ...walker.answering('queue')]
    .filter(link => link.mode === 'enforce')
    .flatMap(link => (link.when === null ? [] : simpleConditions(link.when)))
    .filter(condition => condition.kind === 'recipient');
  return {
    connect: session => walkConnect(walker, session),
    helo: (session, greeting, facts) => walkHelo(walker, session, greeting, facts),
    auth: (session, credentials, facts) => walkAuth(walker, session, credentials, facts),
    secret: (session, asked, facts) => walkSecret(walker, session, asked, facts),
    mail: (session, reversePath, parameters, facts) => walkMail(walker, session, { reversePath, parameters }, facts),
    rcpt: (session, envelope, recipient, facts) => walkRcpt(walker, session, { envelope, recipient }, facts),
    groupOf: (session, reversePath, recipients) => {
      const keys = recipients.map(recipient =>
        conditions.map(one => holds(one, { session, reversePath, recipient, facts: {} })).join(),
      );
      return [...new Set(keys)].sort().join(';');
    },
    content: (mail, mixed) => walkContent(walker, mail, mixed),
    place: (mail, recipient) => placeOf(walker, routes, mail, recipient),
    route: (mail, recipient, attempt) => walkRoute(walker, { routes, random }, mail, { recipient, attempt }),
    deliver: (transport, delivery) => attemptDelivery(walker, transport, delivery),
    vrfy: (session, query) => walkLookup(walker, 'vrfy', session, query),
    expn: (session, query) => walkLookup(walker, 'expn', session, query),
    tell: (event, happening) => {
      shadow?.told(event, happening);
      tell(links, event, happening);
    },
    close: () => walker.close(),
  };
}

/** Tells every observer; what one throws is logged and reaches nobody else. */
function tell<E extends HappeningName>(links: readonly Link[], event: E, happening: Happenings[E]): void {
  for (const link of links) {
    const observe = link.instance.observe?.[event];
    if (observe === undefined) continue;
    const failed = (error: unknown) =>
      link.log.error('failed', { ...idOf(happening), observing: event, ...whyAndWhere(link, error) });
    try {
      const done = observe(happening);
      if (done instanceof Promise) done.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** What a line of the log is about: a mail, or else a session. */
function idOf(happening: Happenings[HappeningName]): Readonly<Record<string, string>> {
  return 'mail' in happening ? { queueId: happening.mail.id } : { session: happening.session.id };
}
