/**
 * Whether a stranger could send to others through this gateway: found by trying, with the addresses that have opened relays
 * before. What a transport that delivers on this machine would get is no relay, whoever it is for.
 *
 * Guarantee: what is told got through, here and now. That nothing is told is no proof: a plugin may know more strangers than
 * these.
 */
import type { Chain } from '../chain/chain.ts';
import type { Mailbox, ReversePath } from '../mail/address.ts';
import { directRecipient } from '../mail/envelope.ts';
import { formatPath, parseForwardPath } from '../mail/path.ts';
import type { Session } from '../mail/session.ts';
import type { Finding, Subject } from './finding.ts';
import { formulaOf, isTrue } from './formula.ts';
import { routeDemands } from './route-demands.ts';
import { isLoopback } from './session-kinds.ts';
import { type Admitted, admit, nameRecipient, type Opening, strangersFor, strangeSessions } from './stranger.ts';

const FOREIGN = 'elsewhere.example';

/** One finding for each listener and each plugin that lets strangers through. */
export async function openRelay(subject: Subject, chain: Chain): Promise<readonly Finding[]> {
  const { configuration, document } = subject;
  const own = ownDomains(subject);
  const found = new Map<string, Finding>();
  for (const session of strangeSessions(configuration.listeners, strangersFor(document))) {
    for (const opening of openings(session, own)) {
      const admitted = await admit(chain, opening);
      for (const shape of admitted === null ? [] : shapes(own, configuration.hostname)) {
        const told = admitted === null ? null : await tried({ opening, admitted, shape }, subject, chain);
        if (told !== null && !found.has(told.key)) found.set(told.key, told.finding);
      }
    }
  }
  return [...found.values()];
}

/** The domains whose mail is taken from anyone, and one that stands for them where no plugin says so. */
function ownDomains({ configuration, mounted }: Subject): readonly string[] {
  const taken = mounted.flatMap(({ instance }) => instance.about?.takes ?? []);
  const domains = taken.flatMap(({ recipients }) => (recipients.kind === 'domain' ? [recipients.domain] : []));
  return [...new Set([...domains.slice(0, 2), configuration.hostname])];
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

interface Attempt {
  readonly opening: Opening;
  readonly admitted: Admitted;
  readonly shape: Shape;
}

async function tried({ opening, admitted, shape }: Attempt, subject: Subject, chain: Chain) {
  const heard = await nameRecipient(chain, admitted, shape.path);
  if (heard.decision.kind === 'refused') return null;
  const leaving = heard.decision.recipients.find(
    one => one.target === undefined && leavesBy(one.forwardPath, admitted, subject) !== null,
  );
  // What an alias leads to is for whoever wrote the alias to say.
  if (leaving === undefined || (shape.is === 'through' && leaving.via.length > 0)) return null;
  const transport = leavesBy(leaving.forwardPath, admitted, subject);
  const { session, domain, reversePath } = opening;
  const said = `EHLO ${domain}, MAIL FROM:${formatPath(reversePath)}, RCPT TO:${shape.written}`;
  const who = `${session.client.address}${session.tls === null ? '' : ' with TLS'}, not authenticated, at the listener "${session.listener}"`;
  const by = heard.by.map(id => `"${id}"`).join(' and ');
  const fate =
    shape.is === 'foreign'
      ? `would leave by ${transport}`
      : `would go to ${transport}, whose host may read a route in the local part`;
  const listener = subject.configuration.listeners.find(({ id }) => id === session.listener);
  const local = listener !== undefined && isLoopback(listener.address);
  const severity: Finding['severity'] = local || shape.is === 'through' ? 'warning' : 'error';
  const claimer = subject.mounted.find(({ id }) => id === heard.by.at(-1));
  const message = `an open relay: ${said} from ${who} is taken by ${by}, and ${fate}${local ? " (only this machine reaches the listener; whatever passes connections on to it makes it everybody's)" : ''}`;
  const path = claimer === undefined ? ['plugins'] : [...claimer.entry.path, 'use'];
  return {
    key: `${session.listener} ${by} ${severity}`,
    finding: { code: 'MF_OPEN_RELAY', severity, path, message } as const,
  };
}

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
