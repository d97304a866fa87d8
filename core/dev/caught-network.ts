/**
 * The next hop of everybody: all connections that transports make end here, on loopback, whatever they were meant for.
 *
 * Guarantee: `network` connects to nothing but the server of this file.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { addressName, type Destination, type Network } from '../plugin/ports.ts';
import { systemNetwork } from '../system/network.ts';
import { SinkSession } from '../testing/sink-session.ts';
import type { SinkSettings } from '../testing/sink-settings.ts';
import type { SunkMail } from '../testing/sunk-mail.ts';
import type { Authority } from './certificate.ts';
import { connectError, type Fault, sinkFaults } from './fault.ts';

/** A mail that was caught. */
export interface CaughtMail extends SunkMail {
  /** As the reply names it: `sink-1`. */
  readonly number: number;
  readonly meant: Destination;
}

export interface CaughtNetworkParts {
  readonly authority: Authority;
  /** The host that an address stands for, where that is known. */
  readonly nameOf: (address: string) => string | null;
  readonly caught: (mail: CaughtMail) => void;
}

const EXTENSIONS = ['PIPELINING', '8BITMIME', 'SIZE', 'ENHANCEDSTATUSCODES', 'SMTPUTF8', 'DSN', 'CHUNKING'];
/** The port that speaks TLS from the first octet (RFC 8314 section 3.3). */
const SUBMISSIONS = 465;
/** How long a slow next hop takes to greet, in milliseconds. */
const SLOW = 10_000;
const NOTHING = Buffer.alloc(0);

export class CaughtNetwork {
  readonly #parts: CaughtNetworkParts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #mails: SunkMail[] = [];
  /** What each connection was meant for, by the port from which it comes. */
  readonly #meant = new Map<number, Destination>();
  /** Those who wait for that. */
  readonly #waiting = new Map<number, (meant: Destination) => void>();
  #fault: Fault;
  #port = 0;

  constructor(parts: CaughtNetworkParts, fault: Fault) {
    this.#parts = parts;
    this.#fault = fault;
    this.#server = createServer({ noDelay: true }, socket => this.#serve(socket));
  }

  async open(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** The port for transports. */
  readonly network: Network = {
    connect: async (meant, signal) => {
      const code = connectError(this.#fault);
      if (code !== null) throw Object.assign(new Error(`connect ${code} ${addressName(meant)}`), { code });
      const here = { address: '127.0.0.1', port: this.#port, timeout: meant.timeout };
      const socket = await systemNetwork.connect(here, signal);
      const port = socket.localPort ?? 0;
      this.#meant.set(port, meant);
      this.#waiting.get(port)?.(meant);
      return socket;
    },
  };

  /** From now on this goes wrong. Sessions that are kept end, so that the next mail meets it. */
  fail(fault: Fault): void {
    this.#fault = fault;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => {
      this.#server.close(() => resolve());
    });
  }

  #serve(socket: Socket): void {
    const port = socket.remotePort ?? 0;
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#meant.delete(port);
      this.#waiting.delete(port);
    });
    const begin = (meant: Destination): void => {
      const settings = this.#settingsFor(meant);
      const faults = () => sinkFaults(this.#fault);
      const session = new SinkSession(socket, settings, {
        mails: this.#mails,
        commands: [],
        script: [],
        get faults() {
          return faults();
        },
      });
      if (this.#fault.manner !== 'slow') return session.begin();
      const timer = setTimeout(() => session.begin(), SLOW);
      socket.on('close', () => clearTimeout(timer));
    };
    // The two ends of a connection hear of it in any order.
    const meant = this.#meant.get(port);
    if (meant === undefined) this.#waiting.set(port, begin);
    else begin(meant);
  }

  #settingsFor(meant: Destination): SinkSettings {
    const { authority, nameOf } = this.#parts;
    const address = 'address' in meant ? meant.address : null;
    const name = (address === null ? null : nameOf(address)) ?? 'next-hop.invalid';
    const names = address === null ? [name] : [name, address];
    const implicit = 'port' in meant && meant.port === SUBMISSIONS;
    return {
      hostname: name,
      protocol: 'either',
      extensions: EXTENSIONS,
      auth: 'any',
      tls: { ...authority.issue(...names), implicit, forName: asked => authority.issue(asked) },
      taken: (mail, number) => {
        this.#parts.caught({ ...mail, number, meant });
        // Only the number is needed from now on.
        this.#mails[number - 1] = { ...mail, content: NOTHING };
      },
    };
  }
}
