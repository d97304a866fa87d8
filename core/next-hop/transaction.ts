/**
 * One mail transaction with a next hop: MAIL, RCPT for each recipient, DATA or BDAT, and what each recipient gets out of it.
 *
 * Guarantee: a recipient is reported as delivered only after a 2yz reply to the final dot, or to the last chunk; by LMTP
 * after its own. Where the connection is lost after either may have left, nobody knows who is responsible: the recipients
 * are deferred, and the log says so. The mail may then arrive twice, but never not at all.
 */
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import { Answers } from './answers.ts';
import { chunksOf } from './chunks.ts';
import type { SmtpClient } from './client.ts';
import { mailCommand, rcptCommand } from './commands.ts';
import type { Caller } from './dial.ts';
import { withDots } from './dots.ts';
import type { Heard } from './heard.ts';
import { chunkPieces, dottedPieces, onlyChunk, type Payload } from './payload.ts';
import { isDone, waitsForMore } from './remote-reply.ts';

/** What is to be transferred, to whom, over what. */
export interface Transaction {
  /** As the next hop gets it. */
  readonly mail: Mail;
  readonly payload: Payload;
  readonly recipients: readonly Recipient[];
  readonly client: SmtpClient;
  /** `lmtp`: each accepted recipient gets a reply of its own after the content (RFC 2033 section 4.2). */
  readonly protocol: 'smtp' | 'lmtp';
  /** Whether content goes by BDAT where the next hop offers CHUNKING (RFC 3030). */
  readonly chunking: 'never' | 'offered';
  /** The next hop as `name[address]:port`. */
  readonly remote: string;
  readonly caller: Pick<Caller, 'log'>;
}

/** How it ended. */
export interface Transacted {
  /** For the recipients about whom something was decided. */
  readonly outcomes: ReadonlyMap<Recipient, Outcome>;
  /** Those for whom there is no room in this transaction. */
  readonly surplus: readonly Recipient[];
  /** How the session ended where it ended before the others were answered. */
  readonly ended: Heard | null;
  /** `never`: the session ended before MAIL was answered, so that nothing at all has begun. */
  readonly begun: 'yes' | 'never';
}

/** Makes the transaction. */
export async function transact(transaction: Transaction): Promise<Transacted> {
  const { recipients, client, chunking } = transaction;
  const answers = new Answers(transaction);
  const by = chunking === 'offered' && client.extensions.has('CHUNKING') ? 'BDAT' : 'DATA';
  const heard = client.extensions.has('PIPELINING')
    ? envelopeOf(await askAtOnce(transaction, by), transaction, by)
    : await envelopeStepByStep(transaction, by);
  if (!isAgreed(heard.mail)) {
    client.end();
    return answers.toMail(recipients, heard.mail);
  }
  const accepted = answers.toRecipients(recipients, heard.recipients);
  if (accepted.length === 0) return answers.all();
  if (heard.data !== null && !isReady(heard.data)) {
    // 2yz to DATA is no SMTP: who knows what such a one waits for.
    if (isAgreed(heard.data)) client.quit();
    return answers.toContent(accepted, [heard.data], 'DATA');
  }
  const replies = transaction.protocol === 'lmtp' ? accepted.length : 1;
  const last = by === 'BDAT' ? await sendChunks(transaction, replies) : await sendDotted(transaction, replies);
  if (by === 'DATA') client.end();
  return answers.toContent(accepted, last, by);
}

/** @returns the replies to the end of the content */
function sendDotted({ client, payload }: Transaction, replies: number): Promise<readonly Heard[]> {
  const { octets, content } = payload;
  return octets === null ? client.transfer(dottedPieces(content), replies) : client.send(withDots(octets), replies);
}

/** Chunk after chunk, each when the one before was taken. @returns the replies to the last one, or to the one refused */
async function sendChunks({ client, payload }: Transaction, replies: number): Promise<readonly Heard[]> {
  const { octets, content } = payload;
  if (octets !== null) {
    const heard = await client.send(onlyChunk(octets), replies);
    client.end();
    return heard;
  }
  try {
    for await (const chunk of chunksOf(content)) {
      const isLast = chunk.place === 'last';
      const heard = await client.transfer(chunkPieces(chunk), isLast ? replies : 1);
      if (isLast) client.end();
      if (isLast || !heard.every(isAgreed)) return heard;
    }
  } catch (error) {
    client.destroy('the content could not be read');
    throw error;
  }
  throw new RangeError('content has a last chunk');
}

/** The replies to the commands before the content. */
interface Envelope {
  readonly mail: Heard;
  readonly recipients: readonly Heard[];
  /** To DATA. `null`: not asked, for nobody was accepted, or content goes by BDAT. */
  readonly data: Heard | null;
}

async function envelopeStepByStep({ mail, recipients, client }: Transaction, by: 'DATA' | 'BDAT'): Promise<Envelope> {
  const ask = async (line: string) => onlyOne(await client.ask([line]));
  for (const line of client.begin()) {
    const reset = await ask(line);
    if (!isAgreed(reset)) return { mail: notReset(client, reset), recipients: [], data: null };
  }
  const first = await ask(mailCommand(mail, recipients, client));
  if (!isAgreed(first)) return { mail: first, recipients: [], data: null };
  const replies: Heard[] = [];
  for (const recipient of recipients) replies.push(await ask(rcptCommand(recipient, client)));
  return { mail: first, recipients: replies, data: by === 'DATA' && replies.some(isAgreed) ? await ask('DATA') : null };
}

/**
 * BDAT does not go along: its octets would follow at once, and who has accepted nobody, or has closed the transaction, might
 * take them for commands.
 */
function askAtOnce({ mail, recipients, client }: Transaction, by: 'DATA' | 'BDAT'): Promise<readonly Heard[]> {
  const lines = [...client.begin(), mailCommand(mail, recipients, client)];
  for (const recipient of recipients) lines.push(rcptCommand(recipient, client));
  if (by === 'DATA') lines.push('DATA');
  return client.ask(lines);
}

/** The replies to all that was asked at once. */
function envelopeOf(heard: readonly Heard[], { recipients, client }: Transaction, by: 'DATA' | 'BDAT'): Envelope {
  const atRcpt = heard.length - recipients.length - (by === 'DATA' ? 1 : 0);
  // Before MAIL there may be a RSET.
  const [first, reset] = [heard[atRcpt - 1], heard[atRcpt - 2]];
  if (first === undefined) throw new RangeError('a pipeline has as many replies as commands');
  if (reset !== undefined && !isAgreed(reset)) return { mail: notReset(client, reset), recipients: [], data: null };
  const others = heard.slice(atRcpt, atRcpt + recipients.length);
  const data = by === 'DATA' ? (heard.at(-1) ?? null) : null;
  // A next hop that says 354 although it accepted nobody waits for content: nothing can be asked in its place.
  const accepts = isAgreed(first) && others.some(isAgreed);
  if (data !== null && isReady(data) && !accepts) client.destroy('354 without an accepted recipient');
  return { mail: first, recipients: others, data };
}

/** Who refuses RSET cannot be talked to. */
function notReset(client: SmtpClient, heard: Heard): Heard {
  client.destroy('RSET was refused');
  return heard.kind === 'lost' ? heard : (client.ended ?? heard);
}

function onlyOne([heard]: readonly Heard[]): Heard {
  if (heard === undefined) throw new RangeError('a command has a reply');
  return heard;
}

function isAgreed(heard: Heard): boolean {
  return heard.kind === 'reply' && isDone(heard);
}

/** Whether the content may be sent. */
function isReady(heard: Heard): boolean {
  return heard.kind === 'reply' && waitsForMore(heard);
}
