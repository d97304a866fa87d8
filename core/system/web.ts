/**
 * The web port, over the ports for DNS and for connections (RFC 9110, RFC 9112).
 *
 * Not `fetch`: that one looks names up by itself, and would connect to whatever address it finds.
 */
import { type IncomingMessage, request } from 'node:http';
import type { Socket } from 'node:net';
import { rootCertificates, TLSSocket, connect as tlsConnect } from 'node:tls';
import { describeError, errnoOf } from '../mail/failure.ts';
import { parseIpAddress } from '../mail/ip-address.ts';
import { specialUse } from '../mail/special-addresses.ts';
import type { Network, Resolver } from '../plugin/ports.ts';
import type { Web, WebAnswer, WebQuestion } from '../plugin/web.ts';

/** Of a host that has more addresses no more are tried. */
const MOST_ADDRESSES = 2;
const HTTPS_PORT = 443;
const LARGEST_HEADER = 16 * 1024;

/** What it acts through. */
export interface WebParts {
  readonly resolver: Resolver;
  readonly network: Network;
}

/** Makes one. */
export function systemWeb({ resolver, network }: WebParts): Web {
  return {
    async get(question, signal) {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(question.timeout)]);
      try {
        const found = await addressesOf(question.url, resolver, limited);
        if (found.kind !== 'addresses') return found;
        const socket = await connected(found.addresses, question, { network, signal: limited });
        const tls = await secured(socket, question, limited);
        return tls instanceof TLSSocket ? await asked(tls, question, limited) : tls;
      } catch (error) {
        signal.throwIfAborted();
        return failed(limited.aborted ? `no answer within ${question.timeout} ms` : describeError(error));
      }
    },
  };
}

type Failed = Extract<WebAnswer, { kind: 'failed' }>;

function failed(cause: string, what: Failed['what'] = 'other'): Failed {
  return { kind: 'failed', what, cause };
}

type Found =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | Exclude<WebAnswer, { kind: 'answered' }>;

async function addressesOf({ protocol, hostname }: URL, resolver: Resolver, signal: AbortSignal): Promise<Found> {
  if (protocol !== 'https:') return failed('only https: is spoken');
  if (parseIpAddress(hostname.replaceAll(/[[\]]/g, '')) !== null)
    return failed(`${hostname} is an address, not a name`);
  const answer = await orAborted(resolver.addresses(hostname), signal);
  switch (answer.kind) {
    case 'no-such-domain':
    case 'no-records':
      return { kind: 'no-such-host' };
    case 'unavailable':
      return failed(answer.cause);
    case 'found': {
      const addresses = answer.records.filter(address => specialUse(address) === null);
      if (addresses.length > 0) return { kind: 'addresses', addresses };
      return failed(`${hostname} leads to ${answer.records.join(', ')}, which is private, local or reserved`);
    }
    default:
      return answer satisfies never;
  }
}

interface Way {
  readonly network: Network;
  readonly signal: AbortSignal;
}

async function connected(
  addresses: readonly string[],
  question: WebQuestion,
  { network, signal }: Way,
): Promise<Socket> {
  const port = question.url.port === '' ? HTTPS_PORT : Number(question.url.port);
  let last: unknown;
  for (const address of addresses.slice(0, MOST_ADDRESSES)) {
    try {
      return await network.connect({ address, port, timeout: question.timeout }, signal);
    } catch (error) {
      signal.throwIfAborted();
      last = error;
    }
  }
  throw last;
}

/** Errors of a connection, and not of what is said over it. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Shakes hands, and believes only a certificate for the host of the URL (RFC 9110 section 4.3.4). */
async function secured(
  socket: Socket,
  { url, authorities }: WebQuestion,
  signal: AbortSignal,
): Promise<TLSSocket | Failed> {
  return await new Promise((resolve, reject) => {
    const tls = tlsConnect({
      socket,
      servername: url.hostname,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      ...(authorities === null ? {} : { ca: [...rootCertificates, authorities] }),
    });
    const abort = () => tls.destroy(signal.reason as Error);
    signal.addEventListener('abort', abort);
    const leave = () => signal.removeEventListener('abort', abort);
    // The second listener stays: a socket that fails later must not take the process with it.
    tls
      .once('error', error => {
        leave();
        if (signal.aborted || BROKEN.has(errnoOf(error) ?? '')) reject(error);
        else resolve(failed(describeError(error), 'certificate'));
      })
      .on('error', () => {});
    tls.once('secureConnect', () => {
      leave();
      resolve(tls);
    });
  });
}

async function asked(tls: TLSSocket, question: WebQuestion, signal: AbortSignal): Promise<WebAnswer> {
  const { url } = question;
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({
        createConnection: () => tls,
        path: `${url.pathname}${url.search}`,
        headers: { Host: url.host, Accept: '*/*', 'Accept-Encoding': 'identity', Connection: 'close' },
        maxHeaderSize: LARGEST_HEADER,
        signal,
      })
        .on('response', resolve)
        .on('error', reject)
        .end();
    });
    const body = await bodyOf(response, question.maxSize);
    if (body === null) return failed(`the answer is longer than ${question.maxSize} octets`, 'size');
    const { statusCode: status = 0, headers } = response;
    const mediaType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? null;
    return { kind: 'answered', status, location: headers.location ?? null, mediaType, body };
  } finally {
    tls.destroy();
  }
}

/** `null` where it is too long. */
async function bodyOf(response: IncomingMessage, maxSize: number): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > maxSize) return null;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** DNS takes no signal; what it says after the end of our patience nobody hears. */
async function orAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort);
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
