/** Sends one mail over SMTP or LMTP, as a client would, and says what came of it. */
import type { ContentText } from './builders.ts';
import { aContent } from './builders.ts';
import type { SmtpReply } from './reply-reader.ts';
import { type SmtpClient, smtpClient } from './smtp-client.ts';

/** A mail from ann@client.test to bob@example.test, but for what the test says. */
export interface MailToSend {
  /** The reverse-path: `ann@client.test`; `<>` is the null one. */
  readonly from?: string;
  readonly to?: string | readonly string[];
  readonly content?: ContentText;
  /** By its id; the first one without it. */
  readonly listener?: string;
  /** What EHLO says. */
  readonly helo?: string;
  /** STARTTLS is said before MAIL. */
  readonly tls?: boolean;
  /** AUTH PLAIN is said before MAIL. */
  readonly auth?: { readonly user: string; readonly password: string };
  /** The IP address that it comes from, where the gateway under test has `clients: 'as-they-say'`. */
  readonly client?: string;
  /** Of MAIL: `RET=HDRS ENVID=x`. */
  readonly parameters?: string;
  /** Of every RCPT: `NOTIFY=NEVER`. */
  readonly recipientParameters?: string;
}

/** What came of it. */
export interface SentMail {
  /** The queue id, or `null` where the mail was not taken. */
  readonly id: string | null;
  /** To the content; or the one that ended it before. */
  readonly reply: SmtpReply;
  /** To each RCPT, by address. Empty where it did not come so far. */
  readonly recipients: Readonly<Record<string, SmtpReply>>;
  /** LMTP: to the content, for each recipient that was accepted. SMTP: the one reply, for each of them. */
  readonly replies: Readonly<Record<string, SmtpReply>>;
}

const CONTENT = 'From: ann@client.test\nTo: bob@example.test\nSubject: Hello\n\nHello, Bob.\n';
const ID = /queued as ([0-9A-Za-z.]+)/;

/** Sends it in a session of its own. */
export async function sendMail(port: number, protocol: 'smtp' | 'lmtp', mail: MailToSend): Promise<SentMail> {
  const client = await smtpClient(port);
  try {
    return await conversation(client, protocol, mail);
  } finally {
    await client.close();
  }
}

async function conversation(client: SmtpClient, protocol: 'smtp' | 'lmtp', mail: MailToSend): Promise<SentMail> {
  const { from = 'ann@client.test', content = CONTENT, parameters, recipientParameters } = mail;
  const to = mail.to ?? 'bob@example.test';
  const addresses = typeof to === 'string' ? [to] : to;
  const refused = await introduced(client, protocol, mail);
  if (refused !== null) return ended(refused);
  const began = await client.say(`MAIL FROM:${bracketed(from)}${parameters === undefined ? '' : ` ${parameters}`}`);
  if (began.code !== 250) return ended(began);
  const answers: [string, SmtpReply][] = [];
  for (const address of addresses) {
    const more = recipientParameters === undefined ? '' : ` ${recipientParameters}`;
    answers.push([address, await client.say(`RCPT TO:${bracketed(address)}${more}`)]);
  }
  const accepted = answers.flatMap(([address, { code }]) => (code < 300 ? [address] : []));
  const last = answers.at(-1)?.[1];
  const recipients = Object.fromEntries(answers);
  if (accepted.length === 0 && last !== undefined) return { ...ended(last), recipients };
  const reply = await client.data(await aContent(content).bytes());
  const replies: [string, SmtpReply][] = [];
  for (const [index, address] of accepted.entries()) {
    replies.push([address, protocol === 'lmtp' && index > 0 ? await client.reply() : reply]);
  }
  const taken = replies.find(([, { code }]) => code < 300)?.[1];
  return { id: ID.exec(taken?.text ?? '')?.[1] ?? null, reply, recipients, replies: Object.fromEntries(replies) };
}

/** From the greeting to MAIL. @returns the reply that ended it, or `null`. */
async function introduced(
  client: SmtpClient,
  protocol: 'smtp' | 'lmtp',
  { helo = 'client.test', tls = false, auth, client: address }: MailToSend,
): Promise<SmtpReply | null> {
  const hello = `${protocol === 'lmtp' ? 'LHLO' : 'EHLO'} ${helo}`;
  if (client.greeting.code !== 220) return client.greeting;
  const steps = [
    () => client.say(hello),
    ...(address === undefined ? [] : [() => client.say(`XCLIENT ADDR=${written(address)}`), () => client.say(hello)]),
    ...(tls ? [() => client.startTls(), () => client.say(hello)] : []),
    ...(auth === undefined ? [] : [() => client.say(`AUTH PLAIN ${plain(auth)}`)]),
  ];
  for (const step of steps) {
    const reply = await step();
    if (reply.code >= 300) return reply;
  }
  return null;
}

/** As XCLIENT writes addresses. */
function written(address: string): string {
  return address.includes(':') ? `IPV6:${address}` : address;
}

function plain({ user, password }: NonNullable<MailToSend['auth']>): string {
  return Buffer.from(`\0${user}\0${password}`).toString('base64');
}

function ended(reply: SmtpReply): SentMail {
  return { id: null, reply, recipients: {}, replies: {} };
}

function bracketed(path: string): string {
  return path.startsWith('<') ? path : `<${path}>`;
}
