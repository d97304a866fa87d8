/** A next hop that says and does exactly what a test writes down, octet for octet. Call it inside a test. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** One session as the next hop sees it. */
export interface ScriptedSession {
  readonly socket: Socket;
  /** Everything that came in, as latin1. */
  received(): string;
  /** What came in, segment by segment. */
  readonly segments: readonly string[];
  say(text: string): void;
  /** Waits until what has come in ends like that. */
  hear(end: string | RegExp): Promise<void>;
  /** The same without keeping what comes in. */
  swallow(end: string): Promise<void>;
  /** Waits until more has come in. */
  more(): Promise<void>;
}

/** A running next hop. */
export interface ScriptedHop {
  readonly port: number;
  /** Resolves when the script of the first session is over; rejects where it failed. */
  readonly over: Promise<void>;
}

/** Starts one. The script runs for each session; what it throws ends the session. */
export async function scriptedHop(script: (session: ScriptedSession) => Promise<void>): Promise<ScriptedHop> {
  const over = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    script(sessionOn(socket)).then(over.resolve, (error: unknown) => {
      socket.destroy();
      over.reject(error);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  over.promise.catch(() => undefined);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, over: over.promise };
}

/** Says 220, and answers EHLO with these extensions. */
export async function greet(session: ScriptedSession, extensions: readonly string[] = []): Promise<void> {
  session.say('220 hop.test ESMTP\r\n');
  await session.hear(/EHLO .*\r\n$/);
  session.say([...extensions.map(one => `250-${one}\r\n`), '250 HELP\r\n'].join('').replace(/^/, '250-hop.test\r\n'));
}

function sessionOn(socket: Socket): ScriptedSession {
  const segments: string[] = [];
  let awake = Promise.withResolvers<void>();
  const wake = () => {
    awake.resolve();
    awake = Promise.withResolvers();
  };
  socket.on('data', (octets: Buffer) => {
    segments.push(octets.toString('latin1'));
    wake();
  });
  socket.on('close', wake);
  const received = () => segments.join('');
  return {
    socket,
    received,
    segments,
    say: text => void socket.write(Buffer.from(text, 'latin1')),
    async hear(end) {
      const heard = () => (typeof end === 'string' ? received().endsWith(end) : end.test(received()));
      while (!heard()) {
        if (socket.destroyed) throw new Error(`the client went away after ${JSON.stringify(received().slice(-200))}`);
        await awake.promise;
      }
    },
    async more() {
      if (socket.destroyed) throw new Error('the client went away');
      await awake.promise;
    },
    async swallow(end) {
      for (let last = ''; !last.endsWith(end); last = `${last}${segments.splice(0).join('')}`.slice(-end.length)) {
        if (socket.destroyed) throw new Error('the client went away in the middle of the content');
        if (segments.length === 0) await awake.promise;
      }
    },
  };
}
