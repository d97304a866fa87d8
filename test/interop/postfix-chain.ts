/**
 * A chain of three machines: Postfix A, where the senders are at home, the gateway, and Postfix B, where the recipients
 * are. Every hop is TLS with a verified certificate, in both directions, and notifications find their way back.
 */
import { afterAll, beforeAll } from 'vitest';
import { type SmtpClient, smtpClient } from '../../core/testing/smtp-client.ts';
import { selfSigned } from '../support/certificate.ts';
import { freePort } from '../support/external.ts';
import { type Postfix, type PostfixMail, type PostfixSettings, startPostfix } from '../support/postfix.ts';
import { until } from '../support/until.ts';
import {
  type GatewayFolder,
  type GatewaySettings,
  gatewayFolder,
  type RunningGateway,
  startedIn,
} from './running-gateway.ts';

/** What differs for the two. */
export type ChainSettings = Readonly<Partial<Record<'a' | 'b', Omit<Partial<PostfixSettings>, 'files' | 'port'>>>>;

export interface Chain {
  /** Mail for a.test ends here. All other mail goes to the gateway. */
  readonly a: Postfix;
  /** Mail for b.test ends here. All other mail goes to the gateway. */
  readonly b: Postfix;
  /** The port that both expect the gateway on. */
  readonly port: number;
  /** Configures the gateway between them. Call it inside a test. */
  readonly folder: (settings?: GatewaySettings) => Promise<GatewayFolder>;
  /** Starts the gateway between them. Call it inside a test. */
  readonly gateway: (settings?: GatewaySettings) => Promise<RunningGateway>;
  /** Waits until nothing is under way anywhere. */
  readonly quiet: (gateway: RunningGateway) => Promise<void>;
}

const { cert, key } = selfSigned('mx.example.test', 'mail.a.test', 'mail.b.test');
const FILES = { 'cert.pem': cert, 'key.pem': key };

/** Both Postfixes, for all tests of a file. The function that is returned gives them. */
export function chainForAll(settings: ChainSettings = {}): () => Chain {
  let chain: Chain | null = null;
  beforeAll(async () => {
    chain = await startChain(settings);
  });
  afterAll(async () => {
    await Promise.all([chain?.a.stop(), chain?.b.stop()]);
  });
  return () => {
    if (chain === null) throw new Error('there is no chain before the first test');
    return chain;
  };
}

async function startChain(settings: ChainSettings): Promise<Chain> {
  const port = await freePort();
  const [a, b] = await Promise.all(
    (['a', 'b'] as const).map(name => {
      const { main = '', ...others } = settings[name] ?? {};
      return startPostfix({
        hostname: `mail.${name}.test`,
        domains: [`${name}.test`],
        files: FILES,
        main: nextHop(port) + main,
        ...others,
      });
    }),
  );
  if (a === undefined || b === undefined) throw new Error('half a chain');
  const folder = (gateway: GatewaySettings = {}) => gatewayFolder(between({ a, b, port }, gateway));
  return {
    a,
    b,
    port,
    folder,
    gateway: async gateway => startedIn(await folder(gateway)),
    quiet: ({ engine: { queue }, log }) =>
      until(async () => {
        // Twice: a mail may slip from one that is looked at later to one that was looked at before.
        for (const _ of [1, 2]) {
          const waiting = await Promise.all([
            a.queue(),
            queue.list({ after: null, limit: 1 }).then(page => page.entries),
            b.queue(),
          ]);
          if (waiting.flat().length > 0) throw new Error(`${JSON.stringify(waiting)}\n${log.text()}`);
        }
      }),
  };
}

/** The gateway is the way to everywhere else, and nothing leaves for an impostor, nor in the clear. */
function nextHop(port: number): string {
  return `smtpd_tls_security_level = may
smtpd_tls_cert_file = $config_directory/cert.pem
smtpd_tls_key_file = $config_directory/key.pem
smtpd_tls_received_header = yes
relayhost = [127.0.0.1]:${port}
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = mx.example.test
smtp_tls_CAfile = $config_directory/cert.pem
smtp_tls_loglevel = 1
default_destination_recipient_limit = 1000
`;
}

function between({ a, b, port }: Pick<Chain, 'a' | 'b' | 'port'>, settings: GatewaySettings): GatewaySettings {
  const route = (name: 'a' | 'b', { port }: Postfix) => ({
    when: { recipient: `@${name}.test` },
    deliver: 'internet',
    hosts: [`mail.${name}.test:${port}`],
  });
  const { listener = {}, ...others } = { ...settings, listener: settings.listeners?.[0] };
  return {
    relay: { tls: 'verified', authorities: './cert.pem' },
    ...others,
    listeners: [{ id: 'inbound', port, tls: { cert: './cert.pem', key: './key.pem' }, ...listener }],
    routes: [...(settings.routes ?? []), route('a', a), route('b', b)],
    zones: { 'mail.a.test': { A: ['127.0.0.1'] }, 'mail.b.test': { A: ['127.0.0.1'] }, ...settings.zones },
    files: { ...FILES, ...settings.files },
  };
}

/** One mail, as a client says it. */
export interface Letter {
  readonly from?: string;
  /** What stands behind the reverse-path: `RET=HDRS`. */
  readonly parameters?: string;
  /** Each an address, or an address and parameters: `bob@b.test NOTIFY=NEVER`. */
  readonly to: readonly string[];
  readonly content: string | Buffer;
}

/** Hands a mail to a Postfix, or to whoever listens on the port. Everything must be accepted. */
export async function send(port: number, { from = 'ann@a.test', parameters = '', to, content }: Letter): Promise<void> {
  const client = await greeted(port);
  const paths = to.map(one => one.replace(/^([^ ]+)/, 'RCPT TO:<$1>'));
  const replies = await client.sayAll([`MAIL FROM:<${from}> ${parameters}`.trim(), ...paths]);
  const refused = replies.find(({ code }) => code !== 250);
  if (refused !== undefined) throw new Error(`refused: ${refused.lines.join()}`);
  const reply = await client.data(content);
  if (reply.code !== 250) throw new Error(`refused: ${reply.lines.join()}`);
  await client.close();
}

/** A session over TLS in which the client has said who it is. */
export async function greeted(port: number): Promise<SmtpClient> {
  const client = await smtpClient(port);
  await client.say('EHLO client.test');
  await client.startTls();
  await client.say('EHLO client.test');
  return client;
}

/** Waits until so many mails for an address are there, and gives them. */
export function arrived(postfix: Postfix, address: string, count = 1): Promise<readonly PostfixMail[]> {
  return until(async () => {
    const all = await postfix.mailbox();
    const mails = all.filter(({ deliveredTo }) => deliveredTo === address);
    if (mails.length < count) throw new Error(`${mails.length} mails for ${address}\n${await postfix.log()}`);
    return mails;
  });
}

const MACHINES = 3;
const TRACE_FIELD = /^Received: [^\n]*\n(?:[ \t][^\n]*\n)*/;

/** The trace fields that the machines of the chain put on top, and what stands below them. */
export function parted(content: string): { readonly trace: readonly string[]; readonly below: string } {
  const trace: string[] = [];
  let below = content;
  while (trace.length < MACHINES) {
    const [field] = TRACE_FIELD.exec(below) ?? [];
    if (field === undefined) break;
    trace.push(field.replaceAll(/\n[ \t]+/g, ' ').trim());
    below = below.slice(field.length);
  }
  return { trace, below };
}
