/** The questions of the hook table as methods that take text: what a test of a plugin reads like. */

import type { Facts } from '../mail/facts.ts';
import type { ChallengeMechanism } from '../mail/mechanism.ts';
import { parseMailbox } from '../mail/path.ts';
import type { Host } from '../mail/route.ts';
import type { Greeting, Session } from '../mail/session.ts';
import type { RouteTls } from '../mail/tls-demand.ts';
import type { Credentials, PasswordCredentials } from '../plugin/credentials.ts';
import type { Answer, HookName, Subject } from '../plugin/hooks.ts';
import {
  aDelivery,
  aMail,
  anEnvelope,
  aRecipient,
  aReversePath,
  aSession,
  type ContentText,
  type DeliveryParts,
  type MailParts,
  type RecipientText,
} from './builders.ts';

/** Under which a hook is asked. */
export interface Circumstances {
  readonly session?: Partial<Session>;
  /** What earlier plugins found out. */
  readonly facts?: Facts;
  /** The context's signal. Without it, one that is never aborted. */
  readonly signal?: AbortSignal;
}

type Answered<H extends HookName> = Promise<Answer<H> | undefined>;

/** One method a hook, two for `auth`. Each gives the plugin's answer, `undefined` for silence, and throws where it has no such hook. */
export interface Questions {
  /** `client`: its IP address. */
  readonly connect: (client?: string, about?: Circumstances & { readonly name?: string }) => Answered<'connect'>;
  readonly helo: (domain?: string, about?: Circumstances & { readonly verb?: Greeting['verb'] }) => Answered<'helo'>;
  readonly auth: (
    user: string,
    password: string,
    about?: Circumstances & Partial<Pick<PasswordCredentials, 'mechanism'>>,
  ) => Answered<'auth'>;
  /** `auth` with something else than a password: a token, a certificate. */
  readonly authWith: (credentials: Credentials, about?: Circumstances) => Answered<'auth'>;
  /** `mechanism`: SCRAM-SHA-256 without it. */
  readonly secret: (
    user: string,
    about?: Circumstances & { readonly mechanism?: ChallengeMechanism },
  ) => Answered<'secret'>;
  /** `from`: `<ann@example.test>`, with or without the brackets, or `<>`. */
  readonly mail: (from: string, about?: Circumstances & Pick<MailParts, 'parameters'>) => Answered<'mail'>;
  /** `accepted`: the recipients that were accepted before. `claimed`: whether a plugin above has claimed this one. */
  readonly rcpt: (
    to: RecipientText,
    about?: Circumstances &
      Pick<MailParts, 'from' | 'parameters'> & {
        readonly accepted?: readonly RecipientText[];
        readonly claimed?: boolean;
      },
  ) => Answered<'rcpt'>;
  /** `content`: where it is text, every line end becomes CRLF. */
  readonly data: (content: ContentText, about?: Circumstances & MailParts) => Answered<'data'>;
  readonly queue: (content: ContentText, about?: Circumstances & MailParts) => Answered<'queue'>;
  readonly route: (
    to: RecipientText,
    about?: Circumstances &
      MailParts & {
        readonly transport?: string;
        readonly attempt?: number;
        readonly domain?: string;
        readonly hosts?: readonly Host[];
        readonly tls?: RouteTls;
      },
  ) => Answered<'route'>;
  readonly deliver: (delivery?: Circumstances & DeliveryParts) => Answered<'deliver'>;
  readonly vrfy: (query: string, about?: Circumstances) => Answered<'vrfy'>;
  readonly expn: (query: string, about?: Circumstances) => Answered<'expn'>;
}

type Ask = <H extends HookName>(hook: H, subject: Subject<H>, circumstances: Circumstances) => Answered<H>;

/** The questions, put to whoever `ask` asks. */
export function questions(ask: Ask): Questions {
  return {
    connect(address = '192.0.2.1', { name, ...about } = {}) {
      const client = { address, port: 49_152, name: name ?? null };
      return ask('connect', { session: aSession({ greeting: null, client, ...about.session }) }, about);
    },
    helo(domain = 'client.test', { verb = 'EHLO', ...about } = {}) {
      const session = aSession({ greeting: null, ...about.session });
      return ask('helo', { session, greeting: { verb, domain } }, about);
    },
    auth(user, password, { mechanism = 'PLAIN', ...about } = {}) {
      return ask('auth', { session: aSession(about.session), credentials: { mechanism, user, password } }, about);
    },
    authWith: (credentials, about = {}) => ask('auth', { session: aSession(about.session), credentials }, about),
    secret(user, { mechanism = 'SCRAM-SHA-256', ...about } = {}) {
      return ask('secret', { session: aSession(about.session), mechanism, user }, about);
    },
    mail(from, { parameters, ...about } = {}) {
      const envelope = anEnvelope(from, [], parameters);
      const subject = {
        session: aSession(about.session),
        reversePath: aReversePath(from),
        parameters: envelope.parameters,
      };
      return ask('mail', subject, about);
    },
    rcpt(to, { from = '<ann@example.test>', accepted = [], claimed = false, parameters, ...about } = {}) {
      const envelope = anEnvelope(from, accepted, parameters);
      const recipient = typeof to === 'string' ? aRecipient(to) : to;
      return ask('rcpt', { session: aSession(about.session), envelope, recipient, claimed }, about);
    },
    data: (content, about = {}) => ask('data', { mail: aMail({ ...about, content }) }, about),
    queue: (content, about = {}) => ask('queue', { mail: aMail({ ...about, content }) }, about),
    route(to, { transport = null, attempt = 1, domain, hosts = null, tls = null, ...about } = {}) {
      const recipient = typeof to === 'string' ? aRecipient(to) : to;
      const mail = aMail({ ...about, to: recipient });
      const whose = domain ?? recipient.forwardPath.domain;
      return ask('route', { mail, recipient, domain: whose, transport, hosts, tls, attempt }, about);
    },
    deliver: (delivery = {}) => ask('deliver', aDelivery(delivery), delivery),
    vrfy: (query, about = {}) => ask('vrfy', lookup(query, about), about),
    expn: (query, about = {}) => ask('expn', lookup(query, about), about),
  };
}

function lookup(query: string, { session }: Circumstances): Subject<'vrfy'> {
  return { session: aSession(session), query, mailbox: parseMailbox(query) };
}
