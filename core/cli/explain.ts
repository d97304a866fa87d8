/** `mailframe explain`: what the gateway would do with a message, and why. Nothing of it is done. */
import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { certificatesIn, clientCertificate } from '../mail/certificate.ts';
import { MailframeError } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import { parseIpAddress } from '../mail/ip-address.ts';
import { parseMailbox } from '../mail/path.ts';
import type { ClientCertificate } from '../mail/session.ts';
import type { Incoming } from '../rehearsal/incoming.ts';
import { openStage } from '../rehearsal/open-stage.ts';
import type { Rehearsal, Verdict } from '../rehearsal/rehearsal.ts';
import type { Stage } from '../rehearsal/stage.ts';
import { dnsFromFile } from '../system/dns-from-file.ts';
import { accountInWords } from './account/in-words.ts';
import { accountOf } from './account/of-rehearsal.ts';
import { NO_OUTPUT, writeOutput } from './account/output.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { namedInHeader, readMessage } from './explain/message-file.ts';
import { paperFor } from './paper.ts';

/** A stranger: an address of the block for documentation, that no configuration trusts by accident. */
const STRANGER = '192.0.2.1';
/** 1 is for what keeps there from being an answer. */
const EXIT_CODES: Readonly<Record<Verdict, number>> = { accepted: 0, deferred: 10, refused: 20 };

interface Options {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly toHeader?: true;
  readonly ip: string;
  readonly helo?: string;
  readonly tls?: boolean;
  readonly certificate?: string;
  readonly auth?: string;
  readonly listener?: string;
  readonly config: string;
  readonly dns?: string;
  readonly web?: true;
  readonly output?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('explain')
    .description('Shows what the gateway would do with a message: every decision, and what would be delivered where.')
    .argument('<message>', 'a file with header and body; - for what is piped in')
    .option('--from <address>', 'the reverse-path; <> is the null one. Without it: Return-Path, or else From')
    .option('--to <address...>', 'the recipients')
    .option('--to-header', 'to whom To, Cc and Bcc name')
    .option('--ip <address>', 'the address of the client', addressIn, STRANGER)
    .option('--helo <name>', 'what the client calls itself. Without it: its address in brackets')
    .option('--tls', 'over TLS; as it is without it where that is implicit, or the client has to authenticate')
    .option('--no-tls', 'without TLS')
    .option('--certificate <file>', 'the certificate of the client in PEM, taken for one that is trusted')
    .option('--auth <user>', 'the client has authenticated as this user; no password is asked for')
    .option('--listener <id>', 'through this listener. Without it: the first one')
    .option('-c, --config <file>', 'the configuration', DEFAULT_FILE)
    .option('--dns <file>', 'a zone file in the place of DNS: what it does not hold does not exist')
    .option('--web', 'fetches what plugins ask for over HTTPS (policies, keys); without it nobody is asked')
    .option('--output <folder>', 'writes the octets that would be queued and delivered into this folder')
    .option('--json', 'prints one JSON object')
    .addHelpText('after', '\nExit codes: 0 accepted, 10 deferred, 20 refused; 1 where there is no answer.')
    .action(explain);
}

function addressIn(text: string): string {
  const address = parseIpAddress(text);
  if (address === null) throw new InvalidArgumentError('An IP address is expected, such as 192.0.2.1.');
  return address;
}

async function explain(file: string, options: Options): Promise<void> {
  try {
    const { incoming, notes } = await incomingFrom(file, options);
    const stage = await openStage({
      file: options.config,
      env: process.env,
      ...(options.dns === undefined ? {} : { resolver: await dnsFromFile(options.dns) }),
      web: options.web === true ? 'live' : 'offline',
    });
    try {
      const rehearsal = await stage.rehearse(incoming);
      await show(rehearsal, { ...options, file, notes: [...notes, ...notesOn(stage)] });
      process.exitCode = EXIT_CODES[rehearsal.verdict];
    } finally {
      await stage.close();
    }
  } catch (error) {
    refuse(error);
  }
}

async function show(
  rehearsal: Rehearsal,
  { output, json, file, notes }: Options & { readonly file: string; readonly notes: readonly string[] },
): Promise<void> {
  const written = output === undefined ? NO_OUTPUT : await writeOutput(rehearsal, output);
  const account = accountOf(rehearsal, notes, written);
  process.stdout.write(
    json === true
      ? `${JSON.stringify(account, null, 2)}\n`
      : accountInWords(account, file === '-' ? 'the message' : file, paperFor(process.stdout, process.env)),
  );
}

async function incomingFrom(
  file: string,
  options: Options,
): Promise<{ readonly incoming: Incoming; readonly notes: readonly string[] }> {
  const { content, notes } = await readMessage(file);
  const named = await namedInHeader(content);
  const said = [...notes];
  const to = options.to ?? (options.toHeader === true ? named.recipients : []);
  if (to.length === 0)
    throw new MailframeError('MF_MESSAGE', 'say for whom it is: --to ann@example.test, or --to-header');
  let from = options.from?.replace(/^<(.*)>$/, '$1');
  if (from === undefined) {
    from = named.sender?.address ?? '';
    said.push(
      `its sender is ${from === '' ? '<>' : from}, as ${named.sender?.field ?? 'nothing in it says another'} has it (--from says another)`,
    );
  }
  const wrong = [...to, ...(from === '' ? [] : [from])].find(address => parseMailbox(address) === null);
  if (wrong !== undefined) said.push(`${wrong} is no address, such as ann@example.test`);
  const literal = options.ip.includes(':') ? `[IPv6:${options.ip}]` : `[${options.ip}]`;
  const incoming: Incoming = {
    listener: options.listener ?? null,
    address: options.ip,
    greeting: options.helo ?? literal,
    tls: options.tls === undefined ? 'as needed' : options.tls ? 'on' : 'off',
    certificate: options.certificate === undefined ? null : await certificateIn(options.certificate),
    user: options.auth ?? null,
    from,
    to,
    content,
  };
  return { incoming, notes: said };
}

async function certificateIn(file: string): Promise<ClientCertificate> {
  try {
    const [first] = certificatesIn(await readFile(file, 'utf8'));
    if (first === undefined) throw new Error('it holds no certificate');
    return clientCertificate(first);
  } catch (cause) {
    throw new MailframeError('MF_MESSAGE', `the certificate ${file} cannot be read: ${describeError(cause)}`, {
      cause,
    });
  }
}

function notesOn({ unready, warnings }: Stage): readonly string[] {
  return [
    ...unready.map(({ plugin, cause }) => `${plugin} could not start here, and is asked all the same: ${cause}`),
    ...warnings.map(({ message, file, line }) => `${file}:${line}: ${message}`),
  ];
}
