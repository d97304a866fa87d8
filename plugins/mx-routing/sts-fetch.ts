/**
 * Fetches the MTA-STS policy of a domain over HTTPS (RFC 8461 section 3.3).
 *
 * Strict: a trusted certificate for `mta-sts.` and the domain, 200 and nothing else, no redirection, plain text, no more
 * than 64 KiB, and never from an address that is private or reserved: the domain's owner writes where this leads.
 */
import { type IncomingMessage, request } from 'node:http';
import { connect, type TLSSocket } from 'node:tls';
import {
  type Clock,
  describeError,
  errnoOf,
  type Network,
  type Resolver,
  specialUse,
  type TlsFailureType,
} from '../../core/index.ts';

export interface StsFetching {
  readonly resolver: Resolver;
  readonly network: Network;
  readonly clock: Clock;
  readonly privateAddresses: 'refuse' | 'allow';
  /** In PEM, instead of those that Node trusts. */
  readonly authorities: string | null;
  /** For the whole, in milliseconds. */
  readonly timeout: number;
}

export type StsFetched =
  | { readonly kind: 'fetched'; readonly text: string }
  | { readonly kind: 'failed'; readonly type: TlsFailureType; readonly why: string };

const HTTPS = 443;
const MOST_ADDRESSES = 3;
/** In octets. */
const LARGEST_POLICY = 64 * 1024;

/** Fetches the text. Does not reject. */
export async function fetchPolicy(domain: string, world: StsFetching): Promise<StsFetched> {
  const host = `mta-sts.${domain}`;
  const end = new AbortController();
  const late = new AbortController();
  world.clock.sleep(world.timeout, end.signal).then(
    () => late.abort(new Error(`nothing within ${world.timeout} ms`)),
    () => undefined,
  );
  let failed: StsFetched = failure('sts-policy-fetch-error', `${host} has no address that may be asked`);
  try {
    for (const address of await usableAddresses(host, world)) {
      failed = await fetchFrom({ host, address }, world, late.signal);
      if (failed.kind === 'fetched' || late.signal.aborted) break;
    }
  } finally {
    end.abort();
  }
  return failed;
}

async function usableAddresses(host: string, { resolver, privateAddresses }: StsFetching): Promise<readonly string[]> {
  const answer = await resolver.addresses(host);
  const all = answer.kind === 'found' ? answer.records : [];
  return all.filter(one => privateAddresses === 'allow' || specialUse(one) === null).slice(0, MOST_ADDRESSES);
}

async function fetchFrom(
  { host, address }: { readonly host: string; readonly address: string },
  { network, authorities, timeout }: StsFetching,
  signal: AbortSignal,
): Promise<StsFetched> {
  try {
    const plain = await network.connect({ address, port: HTTPS, timeout }, signal);
    const ca = authorities === null ? {} : { ca: authorities };
    const socket = connect({ socket: plain, servername: host, ALPNProtocols: ['http/1.1'], ...ca });
    const abort = () => socket.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const handshake = await secured(socket, signal);
      return handshake ?? (await get(host, socket));
    } finally {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      plain.destroy();
    }
  } catch (error) {
    return failure('sts-policy-fetch-error', `${host} [${address}]: ${describeError(error)}`);
  }
}

/** `null`: the certificate is good. */
function secured(socket: TLSSocket, signal: AbortSignal): Promise<StsFetched | null> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(null));
    socket.once('error', error => {
      const broken = ['ECONNRESET', 'ETIMEDOUT', 'EPIPE'].includes(errnoOf(error) ?? '');
      if (broken || signal.aborted) reject(error);
      else resolve(failure('sts-webpki-invalid', `TLS: ${errnoOf(error) ?? describeError(error)}`));
    });
  });
}

function get(host: string, socket: TLSSocket): Promise<StsFetched> {
  return new Promise((resolve, reject) => {
    const headers = { Host: host, Accept: 'text/plain', Connection: 'close' };
    const asked = request(
      { host, path: '/.well-known/mta-sts.txt', headers, createConnection: () => socket },
      response => void readPolicy(response).then(resolve, reject),
    );
    socket.once('error', reject);
    asked.once('error', reject).end();
  });
}

async function readPolicy(response: IncomingMessage): Promise<StsFetched> {
  const { statusCode = 0, headers } = response;
  if (statusCode !== 200) return failure('sts-policy-fetch-error', `answers ${statusCode}, and 200 alone will do`);
  const type = headers['content-type'] ?? '';
  if (!/^text\/plain(?:[ \t]*;|$)/i.test(type)) {
    return failure('sts-policy-fetch-error', `answers ${JSON.stringify(type)}, and text/plain alone will do`);
  }
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > LARGEST_POLICY) return failure('sts-policy-invalid', `has more than ${LARGEST_POLICY} octets`);
    pieces.push(piece);
  }
  if (!response.complete) return failure('sts-policy-fetch-error', 'the answer broke off');
  return { kind: 'fetched', text: Buffer.concat(pieces).toString() };
}

function failure(type: TlsFailureType, why: string): StsFetched {
  return { kind: 'failed', type, why };
}
