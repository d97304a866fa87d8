/**
 * One question to one DNS server, over UDP or TCP (RFC 1035 section 4.2).
 *
 * Each question has a socket of its own, and so a port that the system chose by chance; together with a random id that is
 * what a forged answer has to guess (RFC 5452). What does not fit the question is not listened to.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { describeError } from '../mail/failure.ts';

/** Where a server listens. */
export interface DnsServerAddress {
  readonly address: string;
  readonly port: number;
}

/** One exchange. */
export interface DnsExchange<T> {
  readonly server: DnsServerAddress;
  readonly query: Buffer;
  /** In milliseconds. */
  readonly timeout: number;
  /** `null`: these octets are no answer to the question. */
  readonly read: (octets: Buffer) => T | null;
}

/** Asks over UDP. @throws Error with the reason for people, where no answer came */
export function overUdp<T>({ server, query, timeout, read }: DnsExchange<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.removeAllListeners('message').close();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(late(timeout))), timeout);
    socket.once('error', error => end(() => reject(error)));
    socket.on('message', octets => {
      const reply = read(octets);
      if (reply !== null) end(() => resolve(reply));
    });
    // A connected socket hears nobody else, and hears that nobody listens there.
    socket.connect(server.port, server.address, () => socket.send(query));
  });
}

/** Asks over TCP: each message has its length in two octets before it. @throws Error as `overUdp` does */
export function overTcp<T>({ server, query, timeout, read }: DnsExchange<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: server.address, port: server.port });
    let heard = Buffer.alloc(0);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(late(timeout))), timeout);
    socket.on('error', error => end(() => reject(error)));
    socket.on('close', () => end(() => reject(new Error('closed the connection'))));
    socket.on('data', (piece: Buffer) => {
      heard = Buffer.concat([heard, piece]);
      if (heard.length < 2 || heard.length < 2 + heard.readUInt16BE(0)) return;
      const reply = read(heard.subarray(2, 2 + heard.readUInt16BE(0)));
      end(() => (reply === null ? reject(new Error('answered something else')) : resolve(reply)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}

function late(timeout: number): Error {
  return new Error(`no answer within ${timeout} ms`);
}

/** Why a server gave none, in a few words. */
export function whyNone(error: unknown, { address, port }: DnsServerAddress): string {
  const name = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  return `${name}: ${describeError(error)}`;
}
