/** A web server on loopback that gives MTA-STS policies, and whatever a test wants in their place. */
import { once } from 'node:events';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { TestCertificate } from './certificate.ts';

/** What is answered. */
export interface PolicyAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PolicyServer {
  readonly port: number;
  /** What was asked for, as `host path`. */
  readonly asked: readonly string[];
  /** From now on. */
  answer(answer: PolicyAnswer): void;
  stop(): Promise<void>;
}

/** Starts one that ends with the test. */
export async function policyServer(certificate: TestCertificate, initial: PolicyAnswer): Promise<PolicyServer> {
  let current = initial;
  const asked: string[] = [];
  const options: ServerOptions = { cert: certificate.cert, key: certificate.key };
  const server = createServer(options, (request, response) => {
    asked.push(`${request.headers.host} ${request.url}`);
    const { status = 200, headers = {}, body = '' } = current;
    response.writeHead(status, { 'Content-Type': 'text/plain', ...headers }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  onTestFinished(stop);
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    answer(answer) {
      current = answer;
    },
    stop,
  };
}
