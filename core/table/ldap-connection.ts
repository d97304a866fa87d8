/**
 * One connection to a directory. It carries many searches at a time.
 *
 * Guarantee: what was agreed when it was opened (STARTTLS, the name that asks) holds for every search. The package would
 * dial again without a word when a connection is lost, in the clear and as nobody: here a connection is dialled once.
 */
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';
import type { Client, ClientOptions, Entry } from 'ldapts';
import { describeError } from '../mail/failure.ts';
import { formatDuration } from '../mail/quantity.ts';
import type { Files } from '../plugin/ports.ts';
import type { TableOptions } from '../plugin/table-setting.ts';
import { Unreachable } from './asking.ts';
import { authoritiesIn } from './certificate-authorities.ts';
import { describeResult, NO_SUCH_OBJECT, resultCodeOf } from './ldap-result.ts';
import type { LdapEntry, LdapSearch } from './ldap-search.ts';
import { optional } from './optional-package.ts';

export const loadLdap = () => optional('ldapts', () => import('ldapts'));

/** Entries of one answer of the server: it is asked for the next ones only if these are not too many. */
const PAGE = 500;

/** What it takes to open a connection. */
export interface Opening {
  readonly files: Files;
  /** How long the server may take until it can be asked, in milliseconds. */
  readonly patience: number;
  /** How long it may take for an answer then, in milliseconds. */
  readonly timeout: number;
}

export class LdapConnection {
  readonly #client: Client;
  readonly #line: Line;

  private constructor(client: Client, line: Line) {
    this.#client = client;
    this.#line = line;
  }

  /**
   * Connects, begins TLS and says who asks, as the options want it.
   * @throws Unreachable
   */
  static async open(
    url: string,
    { tls, bind }: TableOptions<'ldap'>,
    { files, patience, timeout }: Opening,
  ): Promise<LdapConnection> {
    const { Client } = await loadLdap();
    const secure: ConnectionOptions = {
      ...(await authoritiesIn(tls.ca ?? null, files)),
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    };
    const line = new Line();
    const isSecure = url.toLowerCase().startsWith('ldaps:');
    const client = new Client({
      url,
      timeout,
      // These make even ldap:// a connection with TLS from its beginning.
      ...(isSecure ? { tlsOptions: secure } : {}),
      ...line.dialling(isSecure),
    });
    const greet = async () => {
      if (tls.start === 'required' && !isSecure) await client.startTLS({ host: hostOf(url), ...secure });
      await client.bind(bind?.dn ?? '', bind?.password.reveal() ?? '');
    };
    try {
      await within(patience, greet());
      return new LdapConnection(client, line);
    } catch (error) {
      line.hangUp();
      throw new Unreachable(`${url}: ${describeResult(error)}`, { cause: error });
    }
  }

  get isOpen(): boolean {
    return this.#line.isOpen;
  }

  /**
   * The entries that a search finds; `null` where its base is not in the directory.
   * @throws RangeError where there are more than `limit`; Unreachable where the connection was lost
   */
  async search(
    { base, scope, filter }: LdapSearch,
    attributes: readonly string[],
    limit: number,
  ): Promise<readonly LdapEntry[] | null> {
    if (!this.isOpen) throw new Unreachable('the connection was lost', { isStale: true });
    const found: LdapEntry[] = [];
    try {
      // Paged, although one answer would do: of a server's own limit a plain search would say nothing.
      const options = { scope, filter, attributes: [...attributes], paged: { pageSize: Math.min(PAGE, limit + 1) } };
      for await (const { searchEntries } of this.#client.searchPaginated(base, options)) {
        found.push(...searchEntries.map(entryOf));
        if (found.length > limit) throw new RangeError(`more than ${limit} entries are found`);
      }
      return found;
    } catch (error) {
      const code = resultCodeOf(error);
      if (code === NO_SUCH_OBJECT) return null;
      if (code !== null) throw new Error(describeResult(error), { cause: error });
      if (this.isOpen) throw error;
      throw new Unreachable(describeError(error), { isStale: true, cause: error });
    }
  }

  close(): void {
    this.#line.hangUp();
  }
}

/** The socket, which is dialled once, and what TLS makes of it. */
class Line {
  readonly #sockets: Socket[] = [];
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** What makes the package dial here: of the many forms of these functions it uses those alone. */
  dialling(isSecure: boolean): Pick<ClientOptions, 'createConnection' | 'createSecureConnection'> {
    const plainly = (port: number, host: string) => this.#dial(() => connect(port, host));
    const securely = (port: number, host: string, options: ConnectionOptions) =>
      this.#dial(() => connectSecurely(port, host, options));
    // Of STARTTLS, over the socket that is there.
    const upgraded = (options: ConnectionOptions) => this.#watched(connectSecurely(options));
    if (isSecure) return { createSecureConnection: securely as typeof connectSecurely };
    return {
      createConnection: plainly as typeof connect,
      createSecureConnection: upgraded as typeof connectSecurely,
    };
  }

  hangUp(): void {
    this.#isOpen = false;
    for (const socket of this.#sockets) {
      // The package listens no longer, and an error that nobody hears ends the process.
      socket.on('error', () => undefined);
      socket.destroy();
    }
  }

  #dial<S extends Socket>(dial: () => S): S {
    if (this.#sockets.length > 0) throw new Error('the connection was lost');
    this.#isOpen = true;
    return this.#watched(dial());
  }

  #watched<S extends Socket>(socket: S): S {
    this.#sockets.push(socket);
    socket.once('close', () => {
      this.#isOpen = false;
    });
    return socket;
  }
}

/** Rejects where it takes longer. The package would wait for ever for a server that stops in the middle of STARTTLS. */
async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${formatDuration(milliseconds)}`)), milliseconds);
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** @throws RangeError where the server gives a part of an attribute's values, as Active Directory does with large groups */
function entryOf({ dn, ...attributes }: Entry): LdapEntry {
  const read = Object.entries(attributes).map(([name, values]) => {
    if (/;range=\d+-\d+$/i.test(name))
      throw new RangeError(`${dn} has more values than the server gives at once: ${name}`);
    const list = Array.isArray(values) ? values : [values];
    return [name.toLowerCase(), list.map(value => value.toString())] as const;
  });
  return { dn, attributes: new Map(read) };
}
