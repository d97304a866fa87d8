/** `mailframe send`: sends one mail to a server, and says what the server said. For those who have no client at hand. */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { formatDate } from '../mail/date.ts';
import { describeError } from '../mail/failure.ts';
import { formatMailbox, parseMailbox } from '../mail/path.ts';
import { systemRandom } from '../system/random.ts';
import { type SmtpClient, smtpClient } from '../testing/smtp-client.ts';

interface Options {
  readonly to: readonly string[];
  readonly from: string;
  readonly subject: string;
  readonly body?: string;
  readonly file?: string;
  readonly server: string;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('send')
    .description('Sends one mail and shows the dialogue.')
    .requiredOption('--to <address...>', 'the recipients')
    .option('--from <address>', 'the sender; "" for the null reverse-path', 'sender@client.test')
    .option('--subject <text>', 'the subject', 'A message from mailframe send')
    .option('--body <text>', 'the text; without it and without --file a short one, or what is piped in')
    .option('--file <file>', 'a whole message (header and body) to send as it is')
    .option('--server <host:port>', 'where to', '127.0.0.1:2525')
    .option('--json', 'prints the replies as data')
    .action(send);
}

/** One step of the dialogue: what was said, and the reply. */
interface Exchange {
  readonly said: string;
  readonly code: number;
  readonly reply: string;
}

async function send(options: Options): Promise<void> {
  const addresses = [...options.to, ...(options.from === '' ? [] : [options.from])];
  const wrong = addresses.find(address => parseMailbox(address) === null);
  if (wrong !== undefined) return fail(`${wrong} is no address: write it as ann@example.test`);
  const server = parseServer(options.server);
  if (server === null) return fail(`--server ${options.server} is no host and port: write 127.0.0.1:2525`);
  let content: Buffer;
  try {
    content = await contentOf(options);
  } catch (error) {
    return fail(`the message cannot be read: ${describeError(error)}`);
  }
  let client: SmtpClient;
  try {
    client = await smtpClient(server.port, { host: server.host });
  } catch (error) {
    const cause = describeError(error);
    return fail(`nothing answers at ${options.server} (${cause}): is the gateway running? "npx mailframe start"`);
  }
  const { exchanges, sent, broken } = await dialogue(client, options, content);
  if (options.json === true) process.stdout.write(`${JSON.stringify({ sent, exchanges })}\n`);
  else for (const { said, reply } of exchanges) process.stdout.write(`C: ${said}\n${reply.replace(/^/gm, 'S: ')}\n`);
  if (broken !== null) fail(sent ? `the mail was taken; then ${broken}` : `the mail was not taken: ${broken}`);
  if (!sent) process.exitCode = 1;
}

/** The whole dialogue. `sent`: the server has taken the mail for at least one recipient. `broken`: what ended it early. */
async function dialogue(client: SmtpClient, { from, to }: Options, content: Buffer) {
  const exchanges: Exchange[] = [];
  const say = async (said: string, reply = client.say(said)): Promise<boolean> => {
    const { code, lines } = await reply;
    exchanges.push({ said, code, reply: lines.join('\n') });
    return code < 400;
  };
  let sent = false;
  let broken: string | null = null;
  try {
    if ((await say('EHLO localhost')) && (await say(`MAIL FROM:${path(from)}`))) {
      let accepted = 0;
      for (const address of to) if (await say(`RCPT TO:${path(address)}`)) accepted++;
      if (accepted > 0) sent = await say(`DATA and ${content.length} octets`, client.data(content));
    }
    await say('QUIT');
  } catch (error) {
    broken = describeError(error);
  } finally {
    await client.close();
  }
  return { exchanges, sent, broken };
}

/** `host:port`, with brackets around an IPv6 address. */
function parseServer(text: string): { readonly host: string; readonly port: number } | null {
  const url = URL.parse(`smtp://${text}`);
  if (url === null || url.hostname === '') return null;
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: url.port === '' ? 25 : Number(url.port) };
}

function path(address: string): string {
  const mailbox = parseMailbox(address);
  return mailbox === null ? '<>' : `<${formatMailbox(mailbox)}>`;
}

/** The octets to send, with the line ends of SMTP. */
async function contentOf(options: Options): Promise<Buffer> {
  const octets = options.file === undefined ? Buffer.from(await compose(options)) : readFileSync(options.file);
  return Buffer.from(octets.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
}

async function compose(options: Options): Promise<string> {
  const fields = [
    `Date: ${formatDate(new Date())}`,
    `From: ${options.from === '' ? 'MAILER-DAEMON@localhost' : options.from}`,
    `To: ${options.to.join(', ')}`,
    `Subject: ${options.subject.replaceAll(/[\r\n]+/g, ' ')}`,
    `Message-ID: <${systemRandom.bytes(12).toString('hex')}@localhost>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
  ];
  return `${fields.join('\n')}\n\n${await bodyOf(options)}\n`;
}

async function bodyOf({ body }: Options): Promise<string> {
  if (body !== undefined) return body;
  return process.stdin.isTTY ? 'It works.' : (await text(process.stdin)).trimEnd() || 'It works.';
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
