/**
 * Whether a stranger could send to others through this gateway: found by trying, with the addresses that have opened relays
 * before. What a transport that delivers on this machine would get is no relay, whoever it is for.
 *
 * Guarantee: what is told got through, here and now. That nothing is told is no proof: a plugin may know more strangers than
 * these.
 */
import type { Chain } from '../chain/chain.ts';
import type { Mailbox, ReversePath } from '../mail/address.ts';
import { simpleConditions } from '../mail/condition.ts';
import { directRecipient } from '../mail/envelope.ts';
import { formatPath, parseForwardPath } from '../mail/path.ts';
import type { Session } from '../mail/session.ts';
import type { Finding, Subject } from './finding.ts';
import { formulaOf, isTrue } from './formula.ts';
import { routeDemands } from './route-demands.ts';
import { isLoopback } from './session-kinds.ts';
import {
  type Admitted,
  admit,
  nameRecipient,
  type Opening,
  type Strange,
  strangersFor,
  strangeSessions,
} from './stranger.ts';

const FOREIGN = 'elsewhere.example';
/** More would be tried alike. */
const MOST_DOMAINS = 2;

/** One finding for each listener and each plugin that lets strangers through. */
export async function openRelay(subject: Subject, chain: Chain): Promise<readonly Finding[]> {
  const { configuration, document } = subject;
  const own = ownDomains(subject);
  const found = new Map<string, Told>();
  for (const strange of strangeSessions(configuration.listeners, strangersFor(document))) {
    for (const opening of openings(strange.session, own)) {
      const admitted = await admit(chain, opening);
      for (const shape of admitted === null ? [] : shapes(own, configuration.hostname)) {
        const told =
          admitted === null ? null : await tried({ opening, admitted, shape, as: strange.as }, subject, chain);
        const key = told === null ? '' : `${told.key} ${told.is}`;
        if (told !== null && !found.has(key)) found.set(key, told);
      }
    }
  }
  // Who lets everything through lets routes in local parts through too.
  return [...found.values()]
    .filter(({ is, key }) => is === 'foreign' || !found.has(`${key} foreign`))
    .map(({ finding }) => finding);
}

/** Domains that are likely ours: those that plugins take, those of the routes, and those above our own name. The name is last. */
function ownDomains({ configuration, mounted }: Subject): readonly string[] {
  const { routes, hostname } = configuration;
  const taken = mounted.flatMap(({ instance }) => (instance.about?.takes ?? []).map(({ recipients }) => recipients));
  const routed = routes.flatMap(({ when }) => (when === null ? [] : simpleConditions(when)));
  const patterns = [...taken, ...routed.flatMap(one => (one.kind === 'recipient' ? one.patterns : []))];
  const domains = patterns.flatMap(one => (one.kind === 'domain' && !one.subdomains ? [one.domain] : []));
  const above = hostname.split('.').slice(1);
  const parent = above.length > 1 ? [above.join('.')] : [];
  return [...new Set([...domains.filter(one => one !== hostname).slice(0, MOST_DOMAINS), ...parent, hostname])];
}

/** Strangers lie about who they are. */
function openings(session: Session, own: readonly string[]): readonly Opening[] {
  const [home = FOREIGN] = own;
  const hostname = own.at(-1) ?? FOREIGN;
  const someone = { localPart: 'someone', domain: FOREIGN };
  const senders: readonly ReversePath[] = [
    someone,
    null,
    { localPart: 'someone', domain: home },
    { localPart: 'postmaster', domain: hostname },
  ];
  return [
    ...senders.map(reversePath => ({ session, domain: `client.${FOREIGN}`, reversePath })),
    ...[hostname, 'localhost', `[${session.client.address}]`].map(domain => ({
      session,
      domain,
      reversePath: someone,
    })),
  ];
}

/** A recipient as a stranger may write it, and whose it is. */
interface Shape {
  readonly written: string;
  readonly path: Mailbox;
  /** `foreign`: somebody else's. `through`: ours, if nobody reads a route in its local part. */
  readonly is: 'foreign' | 'through';
}

function shapes(own: readonly string[], hostname: string): readonly Shape[] {
  const victim = `victim@${FOREIGN}`;
  const foreign = [
    victim,
    `postmaster@${FOREIGN}`,
    `"victim"@${FOREIGN}`,
    'victim@[198.51.100.25]',
    'victim@[IPv6:2001:db8::25]',
    'victim@localhost',
    ...own.flatMap(domain => [
      `@${domain}:${victim}`,
      `victim@${domain}.${FOREIGN}`,
      `victim@not${domain}`,
      `victim%${domain}@${FOREIGN}`,
      `${domain}!victim@${FOREIGN}`,
    ]),
  ];
  const through = own.flatMap(domain => [
    `victim%${FOREIGN}@${domain}`,
    `${FOREIGN}!victim@${domain}`,
    `"${victim}"@${domain}`,
    `"victim%${FOREIGN}"@${domain}`,
  ]);
  const read =
    (is: Shape['is']) =>
    (written: string): readonly Shape[] => {
      const found = parseForwardPath(`<${written}>`, { smtpUtf8: false, postmasterDomain: hostname });
      return found.kind === 'path' ? [{ written: `<${written}>`, path: found.path, is }] : [];
    };
  // An address literal or a name that somebody has put among his own is no stranger's.
  return [
    ...foreign.flatMap(read('foreign')).filter(({ path }) => !own.includes(path.domain)),
    ...through.flatMap(read('through')),
  ];
}

/** That something got through. `key`: the listener, and who took it. */
interface Told {
  readonly key: string;
  readonly is: Shape['is'];
  readonly finding: Finding;
}

interface Attempt {
  readonly opening: Opening;
  readonly admitted: Admitted;
  readonly shape: Shape;
  readonly as: Strange['as'];
}

async function tried({ opening, admitted, shape, as }: Attempt, subject: Subject, chain: Chain): Promise<Told | null> {
  const heard = await nameRecipient(chain, admitted, shape.path);
  if (heard.decision.kind === 'refused') return null;
  for (const { target, forwardPath, via } of heard.decision.recipients) {
    // What an alias leads to is for whoever wrote the alias to say.
    if (target !== undefined || (shape.is === 'through' && via.length > 0)) continue;
    const transport = leavesBy(forwardPath, admitted, subject);
    if (transport !== null) return told({ opening, shape, as, by: heard.by, transport }, subject);
  }
  return null;
}

interface Through {
  readonly opening: Opening;
  readonly shape: Shape;
  readonly as: Strange['as'];
  /** Who took it. */
  readonly by: readonly string[];
  readonly transport: string;
}

function told({ opening, shape, as, by, transport }: Through, { configuration, mounted }: Subject): Told {
  const { session, domain, reversePath } = opening;
  const said = `EHLO ${domain}, MAIL FROM:${formatPath(reversePath)}, RCPT TO:${shape.written}`;
  const tls = session.tls === null ? '' : ' with TLS';
  const client =
    as === 'stranger'
      ? session.client.address
      : `${session.client.address}, for whomever its PROXY header does not name`;
  const who = `${client}${tls}, not authenticated, at the listener "${session.listener}"`;
  const fate =
    shape.is === 'foreign'
      ? `would leave by ${transport}`
      : `would go to ${transport}, whose host may read a route in the local part`;
  const local = configuration.listeners.some(({ id, address }) => id === session.listener && isLoopback(address));
  const names = by.map(id => `"${id}"`).join(' and ');
  const claimer = mounted.find(({ id }) => id === by.at(-1));
  const finding: Finding = {
    code: 'MF_OPEN_RELAY',
    severity: local || as !== 'stranger' || shape.is === 'through' ? 'warning' : 'error',
    path: claimer === undefined ? ['plugins'] : [...claimer.entry.path, 'use'],
    message: `an open relay: ${said} from ${who} is taken by ${names}, and ${fate}${local ? LOCAL : ''}`,
  };
  return { key: `${session.listener} ${names}`, is: shape.is, finding };
}

const LOCAL = ' (only this machine reaches the listener, and whoever a proxy in front of it lets through)';

/** Which transport would carry the mail to another machine; `null`: none, it stays here or goes nowhere. */
function leavesBy(
  path: Mailbox,
  { session, reversePath, facts }: Admitted,
  { configuration, mounted }: Subject,
): string | null {
  const view = { session, reversePath, recipient: directRecipient(path), facts, size: 4096, header: () => [] };
  const first = routeDemands(configuration.routes).find(({ demand }) =>
    demand.every(one => isTrue(formulaOf(one, 'yes'), view)),
  );
  const named = first === undefined ? null : mounted.find(({ id }) => id === first.route.deliver);
  if (named !== undefined && named !== null) return named.delivers === 'to-hosts' ? `"${named.id}"` : null;
  const routing = mounted.find(
    ({ instance, mode }) =>
      instance.route !== undefined && mode === 'enforce' && instance.about?.routes !== 'hosts-only',
  );
  return routing === undefined ? null : `the routes that "${routing.id}" finds`;
}
