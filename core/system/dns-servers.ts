/** Which DNS servers are asked: those of the configuration, or those of the system (resolv.conf). */
import { readFile } from 'node:fs/promises';
import { parseIpAddress } from '../mail/ip-address.ts';
import type { Clock } from '../plugin/ports.ts';
import type { DnsServerAddress } from './dns-exchange.ts';

const DNS_PORT = 53;
const SYSTEM_FILE = '/etc/resolv.conf';
/** In milliseconds: networks come and go, and the system writes its file anew. */
const READ_AGAIN_AFTER = 30_000;

/** Reads `127.0.0.1:5353`, `[::1]:53` or an address alone. */
export function parseServer(text: string): DnsServerAddress {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  return { address: six ?? four ?? text, port: Number(port ?? DNS_PORT) };
}

/** The name servers in the text of a resolv.conf. An IPv6 address may have a zone. */
export function serversIn(text: string): readonly DnsServerAddress[] {
  const addresses = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, address = '']) => address);
  return addresses
    .filter(address => parseIpAddress(address.replace(/%.*$/, '')) !== null)
    .map(address => ({ address, port: DNS_PORT }));
}

/** Those of the system, read again when some time has passed; its own machine where it names none. */
export function systemServers(clock: Clock, file: string = SYSTEM_FILE): () => Promise<readonly DnsServerAddress[]> {
  let known: readonly DnsServerAddress[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.monotonic() - readAt >= READ_AGAIN_AFTER) {
      readAt = clock.monotonic();
      const found = serversIn(await readFile(file, 'utf8').catch(() => ''));
      if (found.length > 0 || known.length === 0) known = found;
    }
    return known.length > 0 ? known : [{ address: '127.0.0.1', port: DNS_PORT }];
  };
}
