/** `mailframe route`: where the mail of one recipient would go now, by which hosts, under which TLS, and why. */
import { type Command, InvalidArgumentError } from 'commander';
import { createChain } from '../chain/create-chain.ts';
import type { Routed, Unroutable } from '../chain/decision.ts';
import { compile } from '../compile.ts';
import { bootError } from '../config/complaint.ts';
import type { Mailbox, ReversePath } from '../mail/address.ts';
import { contentOf } from '../mail/content.ts';
import { directRecipient, NO_PARAMETERS, type Recipient } from '../mail/envelope.ts';
import { NO_FACTS } from '../mail/facts.ts';
import type { Mail } from '../mail/mail.ts';
import { formatPath, parseMailbox } from '../mail/path.ts';
import { formatReply } from '../mail/reply.ts';
import type { Host, RouteReason } from '../mail/route.ts';
import type { Session } from '../mail/session.ts';
import { formatDemand } from '../mail/tls-demand.ts';
import { CLOCK, RANDOM } from '../plugin/ports.ts';
import { WEB } from '../plugin/web.ts';
import { machineServices } from '../services.ts';
import { escapeControls } from '../system/escape.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { inertServices } from './inert-services.ts';

export function register(program: Command): void {
  program
    .command('route')
    .description('Shows where the mail of one recipient would go now: hosts in their order, TLS, and the reasons.')
    .argument('<address>', 'the recipient', mailboxIn)
    .option('-c, --config <file>', 'the configuration', DEFAULT_FILE)
    .option('--from <sender>', 'the reverse-path; <> is the null one', reversePathIn, null)
    .option('--json', 'prints one JSON object')
    .action(route);
}

interface RouteOptions {
  readonly config: string;
  readonly from: ReversePath;
  readonly json?: boolean;
}

function mailboxIn(text: string): Mailbox {
  const mailbox = parseMailbox(text.replace(/^<(.*)>$/, '$1'));
  if (mailbox === null) throw new InvalidArgumentError('An address is expected, such as ann@example.test.');
  return mailbox;
}

function reversePathIn(text: string): ReversePath {
  return text === '<>' || text === '' ? null : mailboxIn(text);
}

async function route(to: Mailbox, { config, from, json = false }: RouteOptions): Promise<void> {
  try {
    const shown = await routeOf({ to, from }, config);
    process.stdout.write(json ? `${JSON.stringify(shown, null, 2)}\n` : inWords(shown));
    if (shown.result !== 'routed') process.exitCode = 1;
  } catch (error) {
    refuse(error);
  }
}

/** What the verb shows. */
export interface ShownRoute {
  readonly recipient: string;
  readonly sender: string;
  readonly result: 'routed' | 'deferred' | 'bounced';
  readonly transport: string | null;
  /** In the order to try. */
  readonly hosts: readonly Host[];
  /** Why there is no route: what the sender would be told. */
  readonly reply: string | null;
  readonly because: readonly RouteReason[];
}

/**
 * Routes a mail that there is not. DNS is asked, and policies are fetched as they would be; nothing is written, and no mail
 * host is connected to.
 * @throws MailframeError where a gateway would not start.
 */
export async function routeOf(
  { to, from }: { readonly to: Mailbox; readonly from: ReversePath },
  file: string,
): Promise<ShownRoute> {
  const recipient = directRecipient(to);
  const mail = mailFor(recipient, from);
  const compiled = await compile(file, {
    env: process.env,
    now: new Date(),
    scope: configuration => inertServices(configuration).child().value(WEB, machineServices(configuration).get(WEB)),
  });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const { mounted: links, routes, scope } = compiled;
  const chain = createChain({ links, routes, clock: scope.get(CLOCK), random: scope.get(RANDOM) });
  try {
    const { decision } = await chain.route(mail, recipient, 1);
    return shownOf(decision, mail, formatPath(recipient.forwardPath));
  } finally {
    chain.close();
  }
}

function shownOf(decision: Routed | Unroutable, mail: Mail, recipient: string): ShownRoute {
  const sender = formatPath(mail.envelope.reversePath);
  const about = { recipient, sender, because: decision.because };
  if (decision.kind === 'routed') {
    return {
      ...about,
      result: 'routed',
      transport: decision.route.transport,
      hosts: decision.route.hosts,
      reply: null,
    };
  }
  const { kind, reply } = decision.outcome;
  return { ...about, result: kind, transport: null, hosts: [], reply: formatReply(reply) };
}

/** Empty, and from this machine: conditions on what only a real mail has do not hold. */
function mailFor(recipient: Recipient, reversePath: ReversePath): Mail {
  const session: Session = {
    id: 'route',
    listener: '',
    protocol: 'smtp',
    client: { address: '127.0.0.1', port: 0, name: null },
    greeting: null,
    tls: null,
    user: null,
    forwarded: null,
  };
  const envelope = { reversePath, recipients: [recipient], parameters: NO_PARAMETERS };
  return { id: 'route', receivedAt: new Date(), session, envelope, content: contentOf(''), facts: NO_FACTS };
}

function inWords({ recipient, sender, result, transport, hosts, reply, because }: ShownRoute): string {
  const lines = [`${recipient} (from ${sender}): ${result}${transport === null ? '' : ` by ${transport}`}`];
  if (reply !== null) lines.push(`  ${reply}`);
  for (const [index, host] of hosts.entries()) {
    const { name, port, preference, addresses, tls } = host;
    const at = addresses.length === 0 ? 'looked up when it is tried' : addresses.join(', ');
    lines.push(`  ${index + 1}. ${name} port ${port}, preference ${preference}: ${at}`);
    lines.push(`     TLS: ${tls === undefined ? 'as the transport has it' : formatDemand(tls)}`);
  }
  if (because.length > 0) lines.push('because');
  for (const { about, text } of because) lines.push(`  ${about}: ${text}`);
  // Names and texts come out of DNS: strangers write them.
  return lines.map(line => `${escapeControls(line)}\n`).join('');
}
