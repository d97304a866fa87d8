/** The command line's end of the control socket: asks the gateway that runs on a queue, if one does. */
import { connect, type Socket } from 'node:net';
import { errnoOf } from '../mail/failure.ts';
import { linesOf } from './lines.ts';
import { formatLine, LONGEST_ANSWER, type Parameters, PROTOCOL, parseAnswer } from './protocol.ts';
import { socketPath } from './socket-path.ts';

/** What came of a request. */
export type Asked =
  | { readonly kind: 'done'; readonly result: unknown }
  /** It will not, and says why. */
  | { readonly kind: 'refused'; readonly message: string }
  /** It ended, or was ended, before it had said its last word. */
  | { readonly kind: 'broken-off' }
  /** No gateway runs on this queue. */
  | { readonly kind: 'nobody' }
  /** One may run, and this user may not ask it. */
  | { readonly kind: 'forbidden' };

/** What is asked, and of whom. */
export interface Question {
  /** The folder of the queue, an absolute path. */
  readonly directory: string;
  readonly verb: string;
  readonly with?: Parameters;
  /** Aborted, it ends the request: `broken-off`. */
  readonly signal?: AbortSignal;
  /** Called with each item as it comes. Waited for. */
  readonly heard?: (item: unknown) => void | Promise<void>;
}

/** Asks the gateway that runs on a queue. @throws Error for what is broken, with the errno as `code`. */
export async function askGateway({ directory, verb, with: parameters = {}, ...by }: Question): Promise<Asked> {
  let socket: Socket;
  try {
    socket = await connected(directory);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ECONNREFUSED' || errno === 'ENOTDIR') return { kind: 'nobody' };
    if (errno === 'EACCES' || errno === 'EPERM') return { kind: 'forbidden' };
    throw error;
  }
  const end = () => socket.destroy();
  by.signal?.addEventListener('abort', end, { once: true });
  if (by.signal?.aborted === true) end();
  try {
    socket.write(formatLine({ protocol: PROTOCOL, verb, with: parameters }));
    return await answerOn(socket, by.heard);
  } finally {
    by.signal?.removeEventListener('abort', end);
    socket.destroy();
  }
}

async function answerOn(socket: Socket, heard: Question['heard']): Promise<Asked> {
  try {
    for await (const line of linesOf(socket, LONGEST_ANSWER)) {
      const answer = parseAnswer(line);
      if (answer === null) throw new Error(`the gateway said what is no answer: ${line.slice(0, 200)}`);
      if (answer.kind !== 'item') return answer;
      await heard?.(answer.item);
    }
  } catch (error) {
    const errno = errnoOf(error);
    if (!socket.destroyed || (errno !== 'ECONNRESET' && errno !== 'EPIPE' && errno !== 'ERR_STREAM_PREMATURE_CLOSE')) {
      throw error;
    }
  }
  return { kind: 'broken-off' };
}

async function connected(directory: string): Promise<Socket> {
  const at = await socketPath(directory);
  try {
    return await new Promise((resolve, reject) => {
      const socket = connect(at.path);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        resolve(socket);
      });
      socket.once('error', reject);
    });
  } finally {
    await at.free();
  }
}
