/** A way to a server on which connections get lost: at the moment at which a client asks something. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface DroppingProxy {
  readonly port: number;
  /** How many connections there have been. */
  readonly connections: number;
  /** All that clients have said. */
  heard(): Buffer;
  /** Loses the connection instead of passing on the nth piece that a client says from now on; the next one is 1. */
  dropAt(piece: number): void;
}

/** Call it inside a test. */
export async function droppingProxy(to: number): Promise<DroppingProxy> {
  const sockets = new Set<Socket>();
  const heard: Buffer[] = [];
  let connections = 0;
  let until = Number.POSITIVE_INFINITY;
  const server = createServer(client => {
    connections++;
    const behind = connect(to, '127.0.0.1');
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => other.destroy());
    }
    behind.on('data', octets => client.write(octets));
    client.on('data', (octets: Buffer) => {
      heard.push(octets);
      until--;
      if (until === 0) client.destroy();
      else behind.write(octets);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    heard: () => Buffer.concat(heard),
    dropAt(piece) {
      until = piece;
    },
  };
}
