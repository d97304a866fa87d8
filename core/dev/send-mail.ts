/** Sends a mail to a listener as any client would, and says what was said. */
import { describeError } from '../mail/failure.ts';
import { formatMailbox, parseMailbox } from '../mail/path.ts';
import { type SmtpClient, smtpClient } from '../testing/smtp-client.ts';
import type { OpenListener } from './reports.ts';

export interface SendRequest {
  /** `''`: the null reverse-path. */
  readonly from: string;
  readonly to: readonly string[];
  readonly content: Buffer;
  readonly login: { readonly user: string; readonly password: string } | null;
}

/** One step of the dialogue. */
export interface Exchange {
  readonly said: string;
  readonly reply: string;
  readonly accepted: boolean;
}

export interface Sent {
  /** Whether the mail was taken for at least one recipient. */
  readonly taken: boolean;
  readonly dialogue: readonly Exchange[];
  /** What ended it early, or `null`. */
  readonly broken: string | null;
}

/** Sends it. Does not reject. */
export async function sendMail(listener: OpenListener, request: SendRequest): Promise<Sent> {
  const dialogue = new Dialogue();
  try {
    const { address: host, port, tls } = listener;
    const client = await smtpClient(port, { host, ...(tls === 'implicit' && { tls: {} }) });
    try {
      dialogue.heard('(connects)', client.greeting);
      const taken = client.greeting.code < 400 && (await converse(client, { listener, request, dialogue }));
      return { taken, dialogue: dialogue.exchanges, broken: null };
    } finally {
      await client.close();
    }
  } catch (error) {
    return { taken: false, dialogue: dialogue.exchanges, broken: describeError(error) };
  }
}

type Reply = SmtpClient['greeting'];

class Dialogue {
  readonly exchanges: Exchange[] = [];

  heard(said: string, { code, lines }: Reply): boolean {
    this.exchanges.push({ said, reply: lines.join('\n'), accepted: code < 400 });
    return code < 400;
  }
}

interface Conversation {
  readonly listener: OpenListener;
  readonly request: SendRequest;
  readonly dialogue: Dialogue;
}

async function converse(client: SmtpClient, { listener, request, dialogue }: Conversation): Promise<boolean> {
  const { from, to, content, login } = request;
  const say = async (line: string, shown = line) => dialogue.heard(shown, await client.say(line));
  const greeting = `${listener.protocol === 'lmtp' ? 'LHLO' : 'EHLO'} localhost`;
  if (!(await say(greeting))) return false;
  if (login !== null && listener.tls === 'starttls') {
    if (!dialogue.heard('STARTTLS', await client.startTls())) return false;
    if (!(await say(greeting))) return false;
  }
  if (login !== null) {
    const secret = Buffer.from(`\0${login.user}\0${login.password}`).toString('base64');
    if (!(await say(`AUTH PLAIN ${secret}`, 'AUTH PLAIN (not shown)'))) return false;
  }
  const eight = content.some(octet => octet > 0x7f) ? ' BODY=8BITMIME' : '';
  if (!(await say(`MAIL FROM:${path(from)}${eight}`))) return false;
  let accepted = 0;
  for (const one of to) if (await say(`RCPT TO:${path(one)}`)) accepted += 1;
  if (accepted === 0) return false;
  let taken = dialogue.heard(`DATA, and ${content.length} octets`, await client.data(content));
  // By LMTP each recipient has a reply (RFC 2033 section 4.2).
  for (let more = 1; listener.protocol === 'lmtp' && more < accepted; more += 1) {
    taken = dialogue.heard(`(recipient ${more + 1})`, await client.reply()) || taken;
  }
  await say('QUIT');
  return taken;
}

function path(address: string): string {
  const mailbox = parseMailbox(address);
  return mailbox === null ? '<>' : `<${formatMailbox(mailbox)}>`;
}
