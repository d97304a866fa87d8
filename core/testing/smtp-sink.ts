/**
 * A next hop on loopback: takes mail, shows what it was given, and misbehaves where a test wants it to.
 *
 * It is lenient where a test looks for itself: it notes what it is told and judges nothing but the order of commands.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { SinkSession } from './sink-session.ts';
import type { SinkFaults, SinkSettings } from './sink-settings.ts';
import type { SunkMail } from './sunk-mail.ts';

/** A running next hop. */
export interface SmtpSink {
  readonly port: number;
  /** In the order of their final dots. */
  readonly mails: readonly SunkMail[];
  /** Every line that was said outside of content, of all sessions, in order. */
  readonly commands: readonly string[];
  /** How many sessions have begun. */
  readonly sessions: number;
  /** From now on other things go wrong, in running sessions too. `{}`: nothing. */
  readonly always: (faults: SinkFaults) => void;
  /** The same as `always`. */
  readonly fail: (faults: SinkFaults) => void;
  /**
   * What goes wrong in the next transactions, one after the other, in the place of what always does; `{}`: nothing. A session
   * that ends before it comes to a transaction uses up one as well.
   */
  readonly next: (...faults: readonly SinkFaults[]) => void;
  /** Refuses connections from now on, and breaks those that there are. */
  readonly down: () => Promise<void>;
  /** Listens again, on the same port. */
  readonly up: () => Promise<void>;
  /** Ends all sessions at once. May be called twice. */
  readonly close: () => Promise<void>;
}

/**
 * Starts one on a free port of 127.0.0.1.
 * @example const sink = await smtpSink({ faults: { rcpt: { 'bob@example.test': '550 5.1.1 No such mailbox' } } });
 */
export async function smtpSink(settings: SinkSettings = {}): Promise<SmtpSink> {
  const state = {
    mails: [] as SunkMail[],
    commands: [] as string[],
    faults: settings.faults ?? {},
    script: [] as SinkFaults[],
  };
  const sockets = new Set<Socket>();
  let sessions = 0;
  const server = createServer({ noDelay: true }, socket => {
    sessions += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    new SinkSession(socket, settings, state).begin();
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const down = () =>
    new Promise<void>(resolve => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  const always = (faults: SinkFaults) => {
    state.faults = faults;
  };
  return {
    port,
    mails: state.mails,
    commands: state.commands,
    get sessions() {
      return sessions;
    },
    always,
    fail: always,
    next: (...faults) => void state.script.push(...faults),
    down,
    async up() {
      if (!server.listening) await listen(port);
    },
    close: down,
  };
}
