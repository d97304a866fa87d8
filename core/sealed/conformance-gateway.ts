/**
 * A gateway for the conformance suite: somebody's configuration, sealed off, with its inside open to the suite.
 *
 * What differs from the gateway that this configuration would be: addresses and ports of listeners; limits on how often one
 * client may come, since the suite is one client (they are as configured where they are looked at); no pause before the
 * greeting; the suite may log in, and say that it is somebody else (XCLIENT).
 */
import { randomBytes } from 'node:crypto';
import type { Configuration, ListenerSettings } from '../config/configuration.ts';
import { acceptedAddress, domainsIn, refusalOf } from '../conformance/own-address.ts';
import type { OwnGateway } from '../conformance/own-gateway.ts';
import type { Target } from '../conformance/probe.ts';
import type { CrowdLimits } from '../mail/limits.ts';
import { deliveredTo } from '../mail/outcome.ts';
import { authenticated } from '../mail/verdict.ts';
import type { Plugin, PluginInstance } from '../plugin/plugin.ts';
import type { Clock, Resolver } from '../plugin/ports.ts';
import { memoryStore } from '../queue/memory-store.ts';
import { systemClock } from '../system/clock.ts';
import { systemRandom } from '../system/random.ts';
import { type Zones, zoneResolver } from '../system/zones.ts';
import { fakeNetwork } from '../testing/fake-network.ts';
import { fakeProcesses } from '../testing/fake-processes.ts';
import type { Provided } from '../testing/harness.ts';
import { KeptDeliveries } from '../testing/kept-deliveries.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { QueueWatch } from '../testing/queue-watch.ts';
import { recordingLog } from '../testing/recording-log.ts';
import { type SealedGateway, sealedGateway } from './sealed-gateway.ts';

/** How it is made. */
export interface ConformanceSettings {
  /** An address that it takes mail for; found out without it. */
  readonly to?: string | null;
  /** Listeners by their ids; all that speak SMTP without it. */
  readonly listeners?: readonly string[];
  /** How long a reply may take, in milliseconds. */
  readonly patience?: number;
  /** Plugins that the program itself brings, as for `createEngine`. */
  readonly plugins?: readonly Plugin[];
  /** Services for them. */
  readonly provide?: readonly Provided[];
}

/** A gateway that runs, as targets of the suite: one a listener. */
export interface ConformanceGateway {
  readonly targets: readonly (Target & { readonly listener: string })[];
  readonly close: () => Promise<void>;
}

const PATIENCE = 20_000;
const NOBODY_IS_COUNTED: CrowdLimits = { connections: null, newConnections: null, mails: null, recipients: null };
/** A documentation address: nobody's (RFC 5737). */
const STRANGER = '203.0.113.77';
/** How a list of clients is asked about an address: its octets, or its nibbles, turned round (RFC 5782). */
const LISTED = /^(?:\d{1,3}\.){4}|^(?:[0-9a-f]\.){32}/i;
/**
 * Every name exists, so that nobody is refused over DNS that the suite does not look at. The address must be a public one,
 * or no mail would be routed there; nobody connects to it.
 */
const ANYWHERE: Zones = { '*': { A: ['1.1.1.1'], MX: [[10, 'mx.client.test']] } };

/**
 * Starts one.
 * @throws MailframeError where the configuration cannot run. RangeError where no listener is meant.
 */
export async function conformanceGateway(
  file: string,
  settings: ConformanceSettings = {},
): Promise<ConformanceGateway> {
  const login = { user: 'conformance', password: randomBytes(12).toString('hex') };
  const strict: SealedGateway[] = [];
  const main = await started(file, login, { ...settings, clock: systemClock, listener: relaxed });
  const close = async () => {
    for (const one of [main.sealed, ...strict.splice(0)]) await one.close();
  };
  const asConfigured = async (listener: string) => {
    const clock = new ManualClock(new Date());
    const { sealed } = await started(file, login, { ...settings, clock, listener: unpaused });
    strict.push(sealed);
    return { port: portOf(sealed, listener), skip: (milliseconds: number) => clock.skip(milliseconds) };
  };
  try {
    const { configuration } = main.sealed.compiled;
    const targets = chosen(configuration, settings.listeners ?? []).map(listener => ({
      listener: listener.id,
      host: '127.0.0.1',
      port: portOf(main.sealed, listener.id),
      tls: listener.tls?.mode === 'implicit' ? ('implicit' as const) : ('none' as const),
      patience: settings.patience ?? PATIENCE,
      login: listener.auth === 'required' ? login : null,
      to: settings.to ?? null,
      refusal: null,
      own: insideOf(configuration, listener, { ...main, asConfigured: () => asConfigured(listener.id) }),
    }));
    const domains = domainsOf(configuration);
    const looked = targets.map(async one => {
      const target = { ...one, to: one.to ?? (await acceptedAddress(one, domains)) };
      return { ...target, refusal: await refusalOf(target) };
    });
    return { targets: await Promise.all(looked), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Every name exists but those of lists: a client that is asked about there is on none. */
function everywhere(): Resolver {
  const [known, unknown] = [zoneResolver(ANYWHERE), zoneResolver({})];
  const about = (name: string) => (LISTED.test(name) ? unknown : known);
  return {
    mx: domain => about(domain).mx(domain),
    addresses: name => about(name).addresses(name),
    reverse: address => unknown.reverse(address),
    txt: name => about(name).txt(name),
    lookUp: (name, type) => about(name).lookUp(name, type),
  };
}

interface Running {
  readonly sealed: SealedGateway;
  readonly deliveries: KeptDeliveries;
  readonly watch: QueueWatch;
}

/** How one is started. */
interface Beginning extends Pick<ConformanceSettings, 'plugins' | 'provide'> {
  readonly clock: Clock;
  readonly listener: (settings: ListenerSettings) => ListenerSettings;
}

async function started(
  file: string,
  { user, password }: NonNullable<Target['login']>,
  { clock, listener, plugins = [], provide = [] }: Beginning,
): Promise<Running> {
  const store = memoryStore();
  const deliveries = new KeptDeliveries('kept', deliveredTo('the suite'));
  const first: PluginInstance = {
    auth: ({ credentials }) =>
      'password' in credentials && credentials.user === user && credentials.password === password
        ? authenticated(user)
        : undefined,
  };
  const sealed = await sealedGateway(file, {
    clock,
    random: systemRandom,
    resolver: everywhere(),
    network: fakeNetwork(),
    processes: fakeProcesses(),
    log: recordingLog(),
    store,
    keep: kept => deliveries.keep(kept),
    first,
    listener,
    plugins,
    provide(scope) {
      for (const one of provide) one.addTo(scope);
    },
  });
  return { sealed, deliveries, watch: new QueueWatch(store, clock) };
}

/** Limits hold for this machine too. */
function unpaused(settings: ListenerSettings): ListenerSettings {
  return { ...settings, limits: { ...settings.limits, exempt: [], greetingPause: 0 } };
}

function relaxed(settings: ListenerSettings): ListenerSettings {
  const { trust, limits } = settings;
  return {
    ...settings,
    trust: { ...trust, xclient: [...trust.xclient, '127.0.0.1'] },
    limits: { ...limits, perClient: NOBODY_IS_COUNTED, perNetwork: NOBODY_IS_COUNTED, greetingPause: 0 },
  };
}

function chosen({ listeners }: Configuration, ids: readonly string[]): readonly ListenerSettings[] {
  const odd = ids.find(id => !listeners.some(one => one.id === id));
  if (odd !== undefined)
    throw new RangeError(`no listener is called ${odd}; there are ${listeners.map(({ id }) => id).join(', ')}`);
  const meant = listeners.filter(({ id, protocol }) => protocol === 'smtp' && (ids.length === 0 || ids.includes(id)));
  if (meant.length === 0) throw new RangeError('no listener that is meant speaks SMTP: the suite knows no LMTP');
  return meant;
}

function portOf({ engine }: SealedGateway, listener: string): number {
  return engine.listeners.find(({ id }) => id === listener)?.port ?? 0;
}

function domainsOf({ plugins, routes, hostname }: Configuration): readonly string[] {
  const named = plugins.flatMap(({ options }) => domainsIn(options));
  const routed = routes.flatMap(({ when }) => domainsIn(when));
  return [...named, ...routed, hostname];
}

function insideOf(
  { hostname }: Configuration,
  { maxSize, bareNewline, limits }: ListenerSettings,
  { sealed, deliveries, watch, asConfigured }: Running & Pick<OwnGateway, 'asConfigured'>,
): OwnGateway {
  const { queue } = sealed.engine;
  return {
    hostname,
    maxSize,
    bareNewline,
    limits,
    attempts: deliveries.attempts,
    answer: outcomes => deliveries.answer(to => outcomes(to)),
    settled: () => watch.settled(),
    knows: async id => ((await queue.find(id)) ?? (await queue.past(id))) !== null,
    stranger: STRANGER,
    asConfigured,
  };
}
