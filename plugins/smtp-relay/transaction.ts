/**
 * One mail transaction with a next hop: MAIL, RCPT for each recipient, DATA or BDAT, and what each recipient gets out of it.
 *
 * Guarantee: a recipient is reported as delivered only after a 2yz reply to the final dot, or to the last chunk. Where the
 * connection is lost after either may have left, nobody knows who is responsible: the recipients are deferred, and the log says so. The
 * mail may then arrive twice, but never not at all.
 */
import {
  bouncedBy,
  type Content,
  type Deferred,
  type Delivered,
  deferredBy,
  type Log,
  type Mail,
  type Outcome,
  type Recipient,
  type Refusal,
} from '../../core/index.ts';
import { chunksOf } from './chunks.ts';
import type { Heard, SmtpClient } from './client.ts';
import { keepsSuccess, mailCommand, rcptCommand } from './commands.ts';
import { demandsOf } from './demands.ts';
import { lostOutcome, refusedOutcome } from './outcomes.ts';
import {
  chunkRefusalOf,
  isDone,
  type RemoteReply,
  recipientRefusalOf,
  refusalOf,
  waitsForMore,
} from './remote-reply.ts';

/** What is to be transferred, to whom, over what. */
export interface Transaction {
  readonly mail: Mail;
  readonly recipients: readonly Recipient[];
  readonly client: SmtpClient;
  /** Whether content goes by BDAT where the next hop offers CHUNKING (RFC 3030). */
  readonly chunking: 'never' | 'offered';
  /** The next hop as `name[address]:port`. */
  readonly remote: string;
  readonly log: Log;
}

/** How it ended. */
export interface Transacted {
  /** For the recipients about whom something was decided. */
  readonly outcomes: ReadonlyMap<Recipient, Outcome>;
  /** Why the others should be offered to another host: the session ended before they were answered. */
  readonly elsewhere: Deferred | null;
}

/** Makes the transaction. */
export async function transact(transaction: Transaction): Promise<Transacted> {
  const { mail, client } = transaction;
  const answers = new Answers(transaction);
  const demands = await demandsOf(mail, client.extensions);
  const served: Recipient[] = [];
  for (const recipient of transaction.recipients) {
    const refusal = demands(recipient);
    if (refusal === null) served.push(recipient);
    else answers.decide(recipient, bouncedBy(refusal, transaction.remote));
  }
  if (served.length === 0) return answers.end();
  const by = transaction.chunking === 'offered' && client.extensions.has('CHUNKING') ? 'BDAT' : 'DATA';
  const heard = client.extensions.has('PIPELINING')
    ? await envelopeAtOnce(transaction, served, by)
    : await envelopeStepByStep(transaction, served, by);
  if (!agreed(heard.mail)) return answers.end(served, heard.mail);
  const accepted: Recipient[] = [];
  heard.recipients.forEach((reply, at) => {
    const recipient = served[at];
    if (recipient === undefined) return;
    if (agreed(reply)) accepted.push(recipient);
    else answers.refuse([recipient], reply, recipientRefusalOf);
  });
  if (accepted.length === 0) return answers.end();
  if (heard.data !== null && !ready(heard.data)) return answers.end(accepted, heard.data);
  const last = by === 'BDAT' ? await sendChunks(client, mail.content) : await client.content(mail.content);
  if (last.kind === 'reply' && isDone(last)) answers.deliver(accepted, last);
  else if (last.kind === 'lost' && client.contentSent) answers.doubt(accepted, last.because);
  else answers.refuse(accepted, last, by === 'BDAT' ? chunkRefusalOf : refusalOf);
  return answers.end();
}

/** Chunk after chunk, each when the one before was taken. @returns the reply to the last one, or to the one refused. */
async function sendChunks(client: SmtpClient, content: Content): Promise<Heard> {
  try {
    for await (const chunk of chunksOf(content)) {
      const heard = await client.chunk(chunk);
      if (chunk.place === 'last' || !agreed(heard)) return heard;
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

async function envelopeStepByStep(
  { mail, client }: Transaction,
  recipients: readonly Recipient[],
  by: 'DATA' | 'BDAT',
): Promise<Envelope> {
  const first = await client.ask(mailCommand(mail, recipients, client));
  if (!agreed(first)) return { mail: first, recipients: [], data: null };
  const replies: Heard[] = [];
  for (const recipient of recipients) replies.push(await client.ask(rcptCommand(recipient, client)));
  return {
    mail: first,
    recipients: replies,
    data: by === 'DATA' && replies.some(agreed) ? await client.ask('DATA') : null,
  };
}

/**
 * BDAT does not go along: its octets would follow at once, and who has accepted nobody, or has closed the transaction, might
 * take them for commands.
 */
async function envelopeAtOnce(
  { mail, client }: Transaction,
  recipients: readonly Recipient[],
  by: 'DATA' | 'BDAT',
): Promise<Envelope> {
  const lines = [mailCommand(mail, recipients, client), ...recipients.map(recipient => rcptCommand(recipient, client))];
  const heard = await Promise.all(client.pipeline(by === 'DATA' ? [...lines, 'DATA'] : lines));
  const [first, ...others] = heard;
  if (first !== undefined && by === 'BDAT') return { mail: first, recipients: others, data: null };
  const data = others.pop();
  if (first === undefined || data === undefined) throw new RangeError('a pipeline has as many replies as commands');
  // A next hop that says 354 although it accepted nobody waits for content: nothing can be asked in its place.
  if (ready(data) && !(agreed(first) && others.some(agreed))) client.destroy('354 without an accepted recipient');
  return { mail: first, recipients: others, data };
}

function agreed(heard: Heard): boolean {
  return heard.kind === 'reply' && isDone(heard);
}

/** Whether the content may be sent. */
function ready(heard: Heard): boolean {
  return heard.kind === 'reply' && waitsForMore(heard);
}

/** Collects what is decided. */
class Answers {
  readonly #transaction: Transaction;
  readonly #outcomes = new Map<Recipient, Outcome>();
  #elsewhere: Deferred | null = null;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  decide(recipient: Recipient, outcome: Outcome): void {
    this.#outcomes.set(recipient, outcome);
  }

  deliver(recipients: readonly Recipient[], { words }: RemoteReply): void {
    const { client, remote } = this.#transaction;
    const dsn = client.extensions.has('DSN');
    for (const recipient of recipients) {
      const disposition = dsn && !keepsSuccess(recipient) ? 'passed-on' : 'relayed';
      const outcome: Delivered = { kind: 'delivered', disposition, remote, text: words };
      this.decide(recipient, outcome);
    }
  }

  /** A session that ends refuses nobody: its recipients go to another host. */
  refuse(recipients: readonly Recipient[], heard: Heard, refusal: (reply: RemoteReply) => Refusal = refusalOf): void {
    const { remote } = this.#transaction;
    if (heard.kind === 'lost' || heard.code === 421) this.#elsewhere = lostOutcome(heard, remote);
    else for (const recipient of recipients) this.decide(recipient, refusedOutcome(refusal(heard), heard, remote));
  }

  /** Sent, but not answered. */
  doubt(recipients: readonly Recipient[], because: string): void {
    const { remote, log } = this.#transaction;
    const text = 'Connection lost after the content was sent: it may have arrived, and will be sent again';
    const outcome = deferredBy({ code: 451, status: '4.4.2', text }, remote);
    for (const recipient of recipients) this.decide(recipient, outcome);
    log.warn('lost', { remote, recipients: recipients.length, cause: because, outcome: 'unknown, will be sent again' });
  }

  end(refused: readonly Recipient[] = [], heard: Heard | null = null): Transacted {
    if (heard !== null) this.refuse(refused, heard);
    return { outcomes: this.#outcomes, elsewhere: this.#elsewhere };
  }
}
