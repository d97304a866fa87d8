/** A client that nobody knows, and what it hears: the real plugins are asked, through the real chain. */
import type { Chain } from '../chain/chain.ts';
import type { Claimed, Refused } from '../chain/decision.ts';
import type { ListenerSettings } from '../config/configuration.ts';
import type { ConfigDocument } from '../config/place.ts';
import type { Mailbox, ReversePath } from '../mail/address.ts';
import { directRecipient, NO_PARAMETERS } from '../mail/envelope.ts';
import { type Facts, NO_FACTS } from '../mail/facts.ts';
import { inRanges } from '../mail/ip-ranges.ts';
import type { Session } from '../mail/session.ts';
import { sessionKinds, sessionOf } from './session-kinds.ts';

/** Addresses from all over the internet; the first two of each family are for documentation. */
const ADDRESSES = [
  '203.0.113.7',
  '198.51.100.77',
  '192.0.2.177',
  '93.184.215.14',
  '130.59.31.80',
  '41.231.21.44',
  '2001:db8::7',
  '2a02:2e0:3fe::7',
  '2c0f:fb50::7',
];
/** A range as short as this is no network of one's own. */
const OWN = { four: 8, six: 16 } as const;
const RANGE = /^(?:[0-9.]{7,15}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?:\/(?<prefix>\d{1,3}))?$/;

/** An IPv4 and an IPv6 address that no network in the configuration holds, as far as there are such. */
export function strangersFor(document: ConfigDocument): readonly string[] {
  const own = inRanges(rangesIn(document.value));
  return [false, true].map(six => {
    const family = ADDRESSES.filter(address => address.includes(':') === six);
    return family.find(address => !own(address)) ?? family[0] ?? '';
  });
}

function rangesIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return isOwn(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(rangesIn);
}

function isOwn(text: string): boolean {
  const found = RANGE.exec(text);
  if (found === null) return false;
  const six = text.includes(':');
  const [network = ''] = text.split('/');
  const isAddress = six ? URL.canParse(`http://[${network}]/`) : network.split('.').length === 4;
  const prefix = Number(found.groups?.prefix ?? 128);
  return (
    isAddress &&
    prefix >= (six ? OWN.six : OWN.four) &&
    prefix <= (six ? 128 : found.groups?.prefix === undefined ? 128 : 32)
  );
}

/** A session that a stranger can have. */
export interface Strange {
  readonly session: Session;
  /** `machine in front`: its header named nobody, as for health checks, so it has the address of that machine. */
  readonly as: 'stranger' | 'machine in front';
}

/** Sessions with each listener that lets anybody send without a password or a certificate. */
export function strangeSessions(
  listeners: readonly ListenerSettings[],
  addresses: readonly string[],
): readonly Strange[] {
  const open = listeners.filter(({ auth, tls }) => auth !== 'required' && tls?.clients?.certificate !== 'required');
  return open.flatMap(listener => {
    const [kind] = sessionKinds([listener]);
    if (kind === undefined) return [];
    const sessions = (clients: readonly string[], as: Strange['as']) =>
      clients.flatMap(client =>
        kind.tls.map(tls => ({ as, session: sessionOf(kind, { client, tls, authenticated: false }) })),
      );
    const fronts = listener.trust.proxy.map(range => range.split('/')[0] ?? range);
    return [...sessions(addresses, 'stranger'), ...sessions(fronts, 'machine in front')];
  });
}

/** What a client says before it names a recipient. */
export interface Opening {
  readonly session: Session;
  readonly domain: string;
  readonly reversePath: ReversePath;
}

/** A session that may name recipients. */
export interface Admitted {
  readonly session: Session;
  readonly facts: Facts;
  readonly reversePath: ReversePath;
}

/** Says all that comes before RCPT. `null`: it is refused. */
export async function admit(chain: Chain, { session, domain, reversePath }: Opening): Promise<Admitted | null> {
  const connected = await chain.connect(session);
  if (connected.decision.kind === 'refused') return null;
  const greeting = { verb: session.protocol === 'lmtp' ? 'LHLO' : 'EHLO', domain } as const;
  const greeted = { ...session, greeting };
  const helo = await chain.helo(greeted, greeting, connected.facts);
  if (helo.decision.kind === 'refused') return null;
  const mail = await chain.mail(greeted, reversePath, NO_PARAMETERS, helo.facts);
  return mail.decision.kind === 'refused' ? null : { session: greeted, facts: mail.facts, reversePath };
}

/** Who took a recipient, and what became of it. */
export interface Heard {
  readonly decision: Claimed | Refused;
  /** The plugins that took it. */
  readonly by: readonly string[];
  readonly facts: Facts;
}

/** Names one recipient. */
export async function nameRecipient(
  chain: Chain,
  { session, facts, reversePath }: Admitted,
  recipient: Mailbox,
): Promise<Heard> {
  const envelope = { reversePath, recipients: [], parameters: NO_PARAMETERS };
  const walked = await chain.rcpt(session, envelope, directRecipient(recipient), facts);
  const by = walked.steps.filter(
    ({ mode, answer }) => mode === 'enforce' && (answer === 'accept' || answer === 'expand'),
  );
  return { decision: walked.decision, by: by.map(({ plugin }) => plugin), facts: walked.facts ?? NO_FACTS };
}
