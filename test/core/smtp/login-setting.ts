/** An AUTH without a socket: a session that has greeted, the mechanisms of a listener, and plugins. */
import type { Link } from '../../../core/chain/link.ts';
import type { Limits } from '../../../core/mail/limits.ts';
import { MECHANISMS } from '../../../core/mail/mechanism.ts';
import type { ClientCertificate, Session } from '../../../core/mail/session.ts';
import type { Credentials } from '../../../core/plugin/credentials.ts';
import { ClientNames } from '../../../core/smtp/client-names.ts';
import { CONTENT_MEMORY, ContentMemory } from '../../../core/smtp/content-memory.ts';
import { Conversation } from '../../../core/smtp/conversation.ts';
import { Login } from '../../../core/smtp/login.ts';
import type { ListenerOptions } from '../../../core/smtp/options.ts';
import { formatSaid, type Said } from '../../../core/smtp/replies.ts';
import { fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { chainOf, link } from '../chain/chain-of.ts';
import { session } from '../chain/subjects.ts';
import { LIMITS, OPTIONS } from './gateway.ts';
import { mounted } from './plugins.ts';

export const CERTIFICATE: ClientCertificate = {
  commonName: 'Ann',
  names: ['email:ann@example.test'],
  fingerprint: 'ab'.repeat(32),
};

/** What a test wants differently. */
export interface LoginSetting {
  readonly options?: Partial<ListenerOptions>;
  readonly limits?: Partial<Limits>;
  readonly links?: readonly Omit<Link, 'log'>[];
  readonly session?: Partial<Session>;
  /** Of the client's certificate; `null`: it has shown none. */
  readonly certificate?: ClientCertificate | null;
}

/** An AUTH under TLS. */
export function loginOf(setting: LoginSetting = {}) {
  const { chain, log, clock } = chainOf(setting.links ?? []);
  const nothing = () => {
    throw new Error('AUTH does not ask this');
  };
  const reception = {
    pin: nothing,
    commit: nothing,
    queueId: nothing,
    spool: nothing,
    busy: () => null,
    memory: new ContentMemory(CONTENT_MEMORY),
    decoyKey: Buffer.from('what only this gateway knows'),
    clock,
    random: seededRandom(1),
    resolver: fakeResolver(),
    log,
  };
  const options = {
    ...OPTIONS,
    auth: 'optional',
    ...setting.options,
    limits: { ...LIMITS, ...setting.limits },
  } as const;
  const certificate = setting.certificate ?? null;
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null, certificate };
  const its = { options, reception, chain, names: new ClientNames(reception), log };
  const visit = { kind: 'visit', count: () => null, become: nothing, leave: () => undefined } as const;
  const conversation = new Conversation(its, visit, { ...session, tls, ...setting.session });
  const login = new Login(conversation);
  return {
    login,
    log,
    conversation,
    user: () => conversation.authentication.session.user,
    /** AUTH with a mechanism, and with an initial response where there is one: the octets, not yet in base64. */
    begin: async (mechanism: string, initial?: string | Buffer) =>
      inWords(await login.begin(initial === undefined ? mechanism : `${mechanism} ${encoded(initial)}`)),
    /** A response: the octets, not yet in base64. */
    respond: async (octets: string | Buffer) =>
      inWords(await login.goOn(Buffer.from(Buffer.from(octets).toString('base64')))),
    /** A line as it stands. */
    say: async (line: string | Buffer) => inWords(await login.goOn(Buffer.from(line))),
  };
}

function encoded(initial: string | Buffer): string {
  return initial.length === 0 ? '=' : Buffer.from(initial).toString('base64');
}

/** A reply as it goes over the wire, without its line end; of a challenge the octets. */
function inWords(said: Said): string {
  const line = formatSaid(said).slice(0, -2);
  return said.code === 334 ? `334 ${Buffer.from(line.slice(4), 'base64').toString()}` : line;
}

/** What the client hears, in words. */
export const HEARD = {
  right: '235 2.7.0 Authentication successful',
  wrong: '535 5.7.8 Authentication credentials invalid',
  cancelled: '501 5.7.0 Authentication cancelled',
  bad: '501 5.5.2 The response is not what the mechanism says',
  noBinding: '504 5.5.4 Channel binding is not supported',
  unknown: '504 5.5.4 Authentication mechanism not supported',
  tooMany: '421 4.7.0 Too many failed logins',
} as const;

/** A listener that offers everything, and what its plugins are shown. */
export function openLogin(setting: LoginSetting = {}) {
  const shown: Credentials[] = [];
  const watch = link('watch', { auth: ({ credentials }) => void shown.push(credentials) });
  const links = [watch, ...(setting.links ?? mounted('ann-may-log-in', 'stores-secrets', 'knows-tokens'))];
  const its = loginOf({ ...setting, links, options: { mechanisms: MECHANISMS, ...setting.options } });
  return { ...its, shown };
}
