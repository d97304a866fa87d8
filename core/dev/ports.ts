/** Where listeners listen while a gateway is developed: on loopback, at the port that they name or, failing that, another. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ListenerSettings } from '../config/configuration.ts';

const LOOPBACK = '127.0.0.1';

/** A listener at a port that is free. */
export interface AtPort {
  readonly listener: ListenerSettings;
  /** The port that it names, where that could not be had. */
  readonly insteadOf: number | null;
}

/** Finds a port for each. `before`: what each had the last time, so that clients find it again. */
export async function withPorts(
  listeners: readonly ListenerSettings[],
  before: Readonly<Record<string, number>>,
): Promise<readonly AtPort[]> {
  const found: AtPort[] = [];
  for (const listener of listeners) {
    const wishes = [listener.port, before[listener.id] ?? 0].filter(port => port !== 0);
    let port = 0;
    for (const wish of wishes) if (port === 0 && (await isFree(wish))) port = wish;
    const insteadOf = listener.port !== 0 && port !== listener.port ? listener.port : null;
    found.push({ listener: { ...listener, address: LOOPBACK, port }, insteadOf });
  }
  return found;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host: LOOPBACK, port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
