/**
 * The gateway's end of the control socket.
 *
 * Guarantees: only the user of the gateway (and root) may connect: the socket has mode 0600, in a folder of mode 0700. A
 * socket that was left behind is replaced only where nobody answers on it, and only by the gateway that has the queue. No
 * client, whatever it sends or does not read, costs the gateway more than one connection of a fixed number; a verb that
 * fails costs a line of the log and an answer.
 */
import { once } from 'node:events';
import { chmod, unlink } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { describeError, errnoOf } from '../mail/failure.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import { linesOf } from './lines.ts';
import {
  type ControlAnswer,
  type ControlRequest,
  formatLine,
  LONGEST_REQUEST,
  type Parameters,
  parseRequest,
} from './protocol.ts';
import { socketPath } from './socket-path.ts';

/** Whom a verb works for. */
export interface ControlClient {
  /** Gives the client an item. Resolves when there is room for the next. Rejects when the client has gone. */
  readonly say: (item: unknown) => Promise<void>;
  /** Aborted when the client has gone or the gateway ends. */
  readonly signal: AbortSignal;
}

/**
 * Does what a client asks, and returns the result: plain JSON.
 * @throws Refusal where it is the client's mistake. Anything else is a fault of ours and goes to the log, too.
 */
export type ControlVerb = (parameters: Parameters, client: ControlClient) => Promise<unknown>;

/** Why a verb does not do what is asked, for whoever asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

export interface ControlServerParts {
  /** The folder of the queue, an absolute path. */
  readonly directory: string;
  readonly verbs: ReadonlyMap<string, ControlVerb>;
  readonly clock: Clock;
  readonly log: Log;
}

const OWNER_ONLY = 0o600;
/** Clients at the same time: more are people who follow the log. */
const MOST_CLIENTS = 64;
/** How long a client may take to say what it wants, in milliseconds. */
const REQUEST_TIME = 10_000;

export class ControlServer {
  readonly #parts: ControlServerParts;
  readonly #server: Server;
  readonly #clients = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  private constructor(parts: ControlServerParts) {
    this.#parts = parts;
    this.#server = createServer(socket => {
      const served = this.#serve(socket).finally(() => this.#clients.delete(served));
      this.#clients.add(served);
    });
    this.#server.maxConnections = MOST_CLIENTS;
  }

  /**
   * Opens it. To be called by the owner of the queue.
   * @throws Error with the errno as `code`; `EADDRINUSE` where another gateway answers.
   */
  static async open(parts: ControlServerParts): Promise<ControlServer> {
    const control = new ControlServer(parts);
    const at = await socketPath(parts.directory);
    try {
      try {
        await control.#listen(at.path);
      } catch (error) {
        if (errnoOf(error) !== 'EADDRINUSE' || (await answers(at.path))) throw error;
        await unlink(at.path);
        await control.#listen(at.path);
      }
    } finally {
      await at.free();
    }
    return control;
  }

  /** Ends all requests, and leaves no socket behind. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#closing.abort(new Error('the gateway ends'));
    this.#server.close();
    await Promise.all([closed, ...this.#clients]);
    // Bound by the name of a descriptor, it is not removed by the one who closes it.
    const at = await socketPath(this.#parts.directory).catch(() => null);
    if (at !== null) await unlink(at.path).catch(() => undefined);
    await at?.free();
  }

  async #listen(path: string): Promise<void> {
    this.#server.listen(path);
    await once(this.#server, 'listening');
    await chmod(path, OWNER_ONLY);
  }

  /** One client, one request. Does not reject. */
  async #serve(socket: Socket): Promise<void> {
    const { log } = this.#parts;
    const gone = new AbortController();
    socket.on('error', () => undefined);
    socket.once('close', () => gone.abort(new Error('the client has gone')));
    const ended = AbortSignal.any([gone.signal, this.#closing.signal]);
    const destroy = () => socket.destroy();
    this.#closing.signal.addEventListener('abort', destroy, { once: true });
    const write = async (answer: ControlAnswer) => {
      ended.throwIfAborted();
      if (!socket.write(formatLine(answer))) await once(socket, 'drain', { signal: ended });
    };
    try {
      await write(
        await this.#answer(await this.#request(socket), { say: item => write({ kind: 'item', item }), signal: ended }),
      );
      socket.end();
    } catch (error) {
      if (!ended.aborted) log.warn('failed', { controlling: describeError(error) });
      socket.destroy();
    } finally {
      this.#closing.signal.removeEventListener('abort', destroy);
    }
  }

  /** The one line that the client says; what is wrong with it where it is none. */
  async #request(socket: Socket): Promise<ControlRequest | string> {
    const timer = new AbortController();
    const late = this.#parts.clock.sleep(REQUEST_TIME, timer.signal).then(
      () => socket.destroy(),
      () => undefined,
    );
    // Ended by hand and not by `for await`: the socket is needed for the answer.
    const lines = linesOf(socket.iterator({ destroyOnReturn: false }), LONGEST_REQUEST);
    try {
      const { value, done } = await lines.next();
      return done === true ? 'a request is one line with a JSON object' : parseRequest(value);
    } finally {
      await lines.return(undefined);
      timer.abort();
      await late;
      // Read on, so that the end of the client is noticed.
      socket.resume();
    }
  }

  /** The last word. */
  async #answer(request: ControlRequest | string, client: ControlClient): Promise<ControlAnswer> {
    if (typeof request === 'string') return { kind: 'refused', message: request };
    const verb = this.#parts.verbs.get(request.verb);
    if (verb === undefined) {
      const known = [...this.#parts.verbs.keys()].join(', ');
      const message = `this gateway does not know ${JSON.stringify(request.verb)}, only ${known}`;
      return { kind: 'refused', message };
    }
    try {
      return { kind: 'done', result: await verb(request.with, client) };
    } catch (error) {
      if (!(error instanceof Refusal || client.signal.aborted)) {
        this.#parts.log.error('failed', { controlling: request.verb, cause: describeError(error) });
      }
      return { kind: 'refused', message: describeError(error) };
    }
  }
}

/** Whether somebody listens. */
function answers(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
