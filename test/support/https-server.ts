/** A web server on loopback that answers what a test says, with a certificate of an authority made for the test. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { authority } from './certificate.ts';

/** What it says: to every path, or nothing (404). */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One that runs until its test ends. */
export interface HttpsServer {
  readonly port: number;
  /** The authority to believe, PEM. */
  readonly authorities: string;
  /** What was asked, in order: `https://host/path?query`. */
  readonly asked: readonly string[];
}

/** Starts one that bears certificates for these names. `'hangs'`: it never answers. */
export async function httpsServer(
  hosts: readonly string[],
  answer: (url: string) => Answer | 'hangs' | undefined,
): Promise<HttpsServer> {
  const issuer = authority('Test authority');
  const { cert, key } = issuer.issue({ commonName: hosts[0] ?? '', dns: hosts, use: 'server' });
  const asked: string[] = [];
  const server: Server = createServer({ cert, key }, ({ headers, url = '' }, response) => {
    const name = `https://${headers.host}${url}`;
    asked.push(name);
    const said = answer(name) ?? { status: 404 };
    if (said === 'hangs') return;
    response.writeHead(said.status ?? 200, said.headers).end(said.body);
  });
  // Clients that do not believe the certificate are what some tests are about.
  server.on('tlsClientError', () => {});
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, authorities: issuer.cert, asked };
}
