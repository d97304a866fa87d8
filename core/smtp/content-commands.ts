/**
 * DATA and BDAT: the two commands that content follows (RFC 5321 section 4.1.1.4, RFC 3030 section 2).
 *
 * Guarantee: whatever is thought of the content, it is read to its end, and no octet of it as a command.
 */
import { parseBdat } from './bdat-command.ts';
import type { ClientStream } from './client-stream.ts';
import { Content } from './content-stream.ts';
import { CHUNK_OF_UNKNOWN_SIZE, chunkTaken, GO_AHEAD, type Said } from './replies.ts';
import type { Transactions } from './transactions.ts';

/** From where content comes, and to whom it goes. */
export interface Receipt {
  /** `null`: the client has left already. */
  readonly stream: ClientStream | null;
  readonly transactions: Transactions;
  /** Says something before the end. */
  readonly say: (reply: Said) => void;
}

const NOBODY_HEARS: readonly Said[] = [];

/** DATA. @returns what is to be said at the end of it. */
export async function takeData({ stream, transactions, say }: Receipt, argument: string): Promise<readonly Said[]> {
  const refusal = transactions.dataRefusal(argument);
  if (refusal !== null) return [refusal];
  if (stream === null) return NOBODY_HEARS;
  say(GO_AHEAD);
  const into = new Content();
  const received = stream.content(into);
  const replies = await transactions.content(into);
  // Before the final dot no reply may be given, and none is heard.
  into.resume();
  return (await received) === 'whole' && replies !== null ? replies : NOBODY_HEARS;
}

/** In octets. */
const SMALL_CHUNK = 512;

/** Whether a BDAT brings so little, and not the last of it, that its command is the greater part. */
export function isSmallTalk(argument: string): boolean {
  const command = parseBdat(argument);
  return command.kind === 'chunk' && !command.last && command.size < SMALL_CHUNK;
}

/** Whether a line that is no proper command was meant to be one that octets follow. */
export function bringsOctets(line: Buffer): boolean {
  return /^BDAT(?![A-Z0-9])/i.test(line.subarray(0, 5).toString('latin1'));
}

/** One BDAT. @returns what is to be said once its octets have come. */
export async function takeChunk({ stream, transactions }: Receipt, argument: string): Promise<readonly Said[]> {
  const command = parseBdat(argument);
  if (command.kind === 'malformed') return [CHUNK_OF_UNKNOWN_SIZE];
  if (stream === null) return NOBODY_HEARS;
  const refusals = transactions.chunkRefusal(command);
  if (refusals !== null) return (await stream.chunk(command.size, null)) === 'whole' ? refusals : NOBODY_HEARS;
  const chunks = transactions.chunks(command.size);
  if ((await stream.chunk(command.size, chunks.into)) === 'left') return NOBODY_HEARS;
  if (!command.last) return [chunkTaken(command.size)];
  chunks.into.end();
  return (await chunks.replies) ?? NOBODY_HEARS;
}
