/**
 * The kind `http`: a request to a web service that answers in JSON.
 *
 * Not `fetch`: that takes authorities of one's own only from a package which Node has inside and does not give out.
 */
import { type IncomingMessage, Agent as PlainAgent, type RequestOptions, request as requestPlainly } from 'node:http';
import { request as requestSecurely, Agent as SecureAgent } from 'node:https';
import { describeError } from '../mail/failure.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Files } from '../plugin/ports.ts';
import { Secret } from '../plugin/secret.ts';
import type { Entry } from '../plugin/table.ts';
import type { TableOptions } from '../plugin/table-setting.ts';
import { type Asking, onceMore, Unreachable } from './asking.ts';
import { authoritiesIn, checkAuthorities } from './certificate-authorities.ts';
import { addressFor, faultOfAddress } from './http-address.ts';
import { bodyOf, valuesIn } from './http-answer.ts';
import { partsOf, Template } from './placeholders.ts';
import { entryOf } from './values.ts';

type Options = TableOptions<'http'>;

export class HttpTable implements Asking {
  readonly name: string;
  readonly #options: Options;
  readonly #address: Template;
  readonly #files: Files;
  readonly #isSecure: boolean;
  #agent: Promise<PlainAgent> | null = null;

  constructor(options: Options, files: Files) {
    // What stands behind the question mark may be a secret.
    this.name = options.url.replace(/[?#].*$/s, '');
    this.#options = options;
    this.#address = new Template(options.url);
    this.#files = files;
    this.#isSecure = options.url.toLowerCase().startsWith('https:');
  }

  async ask(key: string, signal: AbortSignal): Promise<Entry | null> {
    const parts = partsOf(key);
    const address = addressFor(this.#address, parts);
    if (address === null) return null;
    const body = this.#options.method === 'POST' ? JSON.stringify(parts) : null;
    return onceMore(async () => this.#entryIn(await this.#answer(address, body, signal)));
  }

  async close(): Promise<void> {
    (await this.#agent?.catch(() => null))?.destroy();
  }

  async #entryIn(answer: IncomingMessage): Promise<Entry | null> {
    const { statusCode = 0, statusMessage = '' } = answer;
    const body = await bodyOf(answer, this.#options.maxSize);
    switch (statusCode) {
      case 200:
        return entryOf(valuesIn(body, this.#options.values ?? null), this.name);
      case 204:
      case 404:
        return null;
      default:
        throw new Error(`it answers ${statusCode} ${statusMessage}`.trimEnd());
    }
  }

  async #answer(address: string, body: string | null, signal: AbortSignal): Promise<IncomingMessage> {
    const agent = await this.#agentNow();
    const options: RequestOptions = { agent, method: this.#options.method, headers: this.#headers(body), signal };
    return new Promise((resolve, reject) => {
      const send = this.#isSecure ? requestSecurely : requestPlainly;
      const request = send(address, options, resolve);
      request.on('error', error => {
        // A connection that was kept may have ended while the request was on its way.
        reject(new Unreachable(describeError(error), { isStale: request.reusedSocket, cause: error }));
      });
      request.end(body ?? undefined);
    });
  }

  #headers(body: string | null): Record<string, string> {
    const { headers, token } = this.#options;
    const more = Object.entries(headers).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : value,
    ]);
    return {
      Accept: 'application/json',
      'User-Agent': 'mailframe',
      ...(body === null ? {} : { 'Content-Type': 'application/json' }),
      ...(token === undefined ? {} : { Authorization: `Bearer ${token.reveal()}` }),
      ...(Object.fromEntries(more) as Record<string, string>),
    };
  }

  #agentNow(): Promise<PlainAgent> {
    this.#agent ??= this.#newAgent().catch((error: unknown) => {
      this.#agent = null;
      throw error;
    });
    return this.#agent;
  }

  async #newAgent(): Promise<PlainAgent> {
    if (!this.#isSecure) return new PlainAgent({ keepAlive: true });
    return new SecureAgent({ keepAlive: true, ...(await authoritiesIn(this.#options.ca ?? null, this.#files)) });
  }
}

/** What is wrong with the options that no schema sees. */
export async function checkHttp(
  { url, method, ca }: Options,
  files: Files,
  path: OptionComplaint['path'],
): Promise<readonly OptionComplaint[]> {
  const message = faultOfAddress(url, method);
  return [
    ...(message === null ? [] : [{ path: [...path, 'url'], message }]),
    ...(await checkAuthorities(ca ?? null, files, [...path, 'ca'])),
  ];
}
