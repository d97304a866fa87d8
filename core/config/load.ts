/**
 * A configuration file, read, validated and looked over, as far as that goes without its plugins.
 *
 * Each section, and each entry of a list, is validated on its own, so that a mistake in one does not hide those in the
 * others; what is wrong is left out of the draft.
 */
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import { type Validated, validate } from '../plugin/validate.ts';
import { areHarmless, type Complaint, Complaints } from './complaint.ts';
import type {
  Configuration,
  Destination,
  KeyPairFiles,
  ListenerSettings,
  PluginEntry,
  RouteEntry,
  TlsSettings,
} from './configuration.ts';
import type { ConfigDocument, Path } from './place.ts';
import { readConfiguration } from './read.ts';
import { checkReferences } from './references.ts';
import { routeSchema } from './route-schema.ts';
import { fileSchema, listenerSchema, pluginSchema } from './schema.ts';
import type { Env } from './tags.ts';

/** What a configuration depends on beside its text. */
export interface LoadContext {
  /** For `!env`. */
  readonly env: Env;
  /** For certificates that have expired. */
  readonly now: Date;
}

/** A configuration as far as it could be made out. */
export interface Draft {
  readonly configuration: Configuration;
  readonly document: ConfigDocument;
}

/** `ok`: nothing but warnings. `refused`: `draft` holds what is sound, or `null` where nothing could be read. */
export type Loaded = {
  readonly complaints: readonly Complaint[];
  /** The absolute paths of the file and of all that it includes. */
  readonly files: readonly string[];
} & (({ readonly kind: 'ok' } & Draft) | { readonly kind: 'refused'; readonly draft: Draft | null });

/** Loads a configuration. Reads files; changes nothing. */
export async function loadConfiguration(file: string, context: LoadContext): Promise<Loaded> {
  const { document, complaints: unread, files } = readConfiguration(file, context.env);
  if (document === null) return { kind: 'refused', complaints: unread, files, draft: null };
  const complaints = new Complaints(document, unread);
  const configuration = await new Sections(document, complaints).configuration(resolve(file));
  if (configuration === null) return { kind: 'refused', complaints: complaints.list(), files, draft: null };
  checkReferences(document, configuration, context.now, complaints);
  const list = complaints.list();
  const draft = { configuration, document };
  const about = { complaints: list, files };
  return areHarmless(list) ? { kind: 'ok', ...about, ...draft } : { kind: 'refused', ...about, draft };
}

const { shape } = fileSchema;
/** The keys of the file, whatever stands behind them. */
const outline = z.strictObject(
  Object.fromEntries(Object.keys(shape).map(key => [key, z.unknown().optional()])) as {
    [K in keyof typeof shape]: z.ZodOptional<z.ZodUnknown>;
  },
);

/** Stands in a draft whose host name is wrong; such a draft never runs. */
const NO_HOSTNAME = 'unknown.invalid';

type Written<S extends z.ZodType> = z.output<S> & { readonly path: Path };

/** Validates the sections of one document. */
class Sections {
  readonly #document: ConfigDocument;
  readonly #complaints: Complaints;

  constructor(document: ConfigDocument, complaints: Complaints) {
    this.#document = document;
    this.#complaints = complaints;
  }

  async configuration(file: string): Promise<Configuration | null> {
    const { value } = this.#document;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#keep(await validate(outline, value), []);
      return null;
    }
    this.#keep(await validate(outline, value), []);
    const written = value as Readonly<Record<string, unknown>>;
    const directory = dirname(file);
    const hostname = await this.#section(shape.hostname, 'hostname', written);
    const calls = {
      deadline: await this.#section(shape.deadline, 'deadline', written),
      deliveryDeadline: await this.#section(shape.deliveryDeadline, 'deliveryDeadline', written),
    };
    const listeners = await this.#entries(listenerSchema, 'listeners', written);
    const plugins = await this.#entries(pluginSchema, 'plugins', written);
    const routes = await this.#entries(routeSchema, 'routes', written);
    const queue = (await this.#section(shape.queue, 'queue', written)) ?? shape.queue.parse(undefined);
    const settings = queueOf(queue, directory);
    return {
      file,
      directory,
      hostname: hostname ?? NO_HOSTNAME,
      listeners: listeners.map(entry => listenerOf(entry, directory)),
      queue: settings,
      resolver: (await this.#section(shape.resolver, 'resolver', written)) ?? shape.resolver.parse(undefined),
      tlsReports: tlsReportsOf(
        (await this.#section(shape.tlsReports, 'tlsReports', written)) ?? shape.tlsReports.parse(undefined),
        { directory, hostname: hostname ?? NO_HOSTNAME },
      ),
      log: (await this.#section(shape.log, 'log', written)) ?? shape.log.parse(undefined),
      reload: (await this.#section(shape.reload, 'reload', written)) ?? shape.reload.parse(undefined),
      plugins: plugins.map(entry => pluginOf(entry, calls)),
      routes: routes.map(entry => this.#route(entry, settings.retry)),
    };
  }

  /** What a route says of retries is checked together with what it leaves to the queue. */
  #route(written: Written<typeof routeSchema>, usual: RetryPolicy): RouteEntry {
    const { when = null, retry, path } = written;
    const own = retry === undefined ? null : retryOf(retry, usual);
    if (own !== null && own.longest < own.first) {
      const key = retry?.longest === undefined ? 'first' : 'longest';
      const fault =
        key === 'longest' ? 'must not be shorter than first' : 'must not be longer than queue.retry.longest';
      this.#complaints.error('MF_CONFIG_OPTION', [...path, 'retry', key], fault);
    }
    return { when, ...destinationsOf(written), retry: own };
  }

  /** A section, or `null` where it is wrong. */
  async #section<T>(schema: z.ZodType<T>, key: string, written: Readonly<Record<string, unknown>>): Promise<T | null> {
    return this.#keep(await validate(schema, written[key]), [key]);
  }

  /** The sound entries of a list. */
  async #entries<S extends z.ZodType>(
    schema: S,
    key: 'listeners' | 'plugins' | 'routes',
    written: Readonly<Record<string, unknown>>,
  ): Promise<readonly Written<S>[]> {
    const list = written[key];
    if (!Array.isArray(list) || list.length === 0) {
      this.#keep(await validate<unknown>(shape[key], list), [key]);
      return [];
    }
    const entries: Written<S>[] = [];
    for (const [index, item] of list.entries()) {
      const path = [key, index];
      const entry = this.#keep(await validate(schema, item), path);
      if (entry !== null) entries.push({ ...(entry as object), path } as Written<S>);
    }
    return entries;
  }

  #keep<T>(validated: Validated<T>, path: Path): T | null {
    if (validated.kind === 'valid') return validated.value;
    for (const fault of validated.faults) {
      this.#complaints.error('MF_CONFIG_OPTION', [...path, ...fault.path], fault.message, fault.at);
    }
    return null;
  }
}

function tlsReportsOf(
  written: z.output<typeof shape.tlsReports>,
  { directory, hostname }: { readonly directory: string; readonly hostname: string },
): Configuration['tlsReports'] {
  if (written === 'off') return 'off';
  const { organization = hostname, contact = `postmaster@${hostname}` } = written;
  return { directory: resolve(directory, written.directory), keep: written.keep, organization, contact };
}

/** Where a route leads, and where each entry of its map does: what it leaves out is as the route has it. */
function destinationsOf(route: Written<typeof routeSchema>): Pick<RouteEntry, 'map' | keyof Destination> {
  const { deliver, hosts = null, exchangersOf = null, tls = null, map, by, path } = route;
  const own: Destination = { deliver, hosts, exchangersOf, tls, path };
  if (map === undefined) return { ...own, map: null };
  const entries = Object.entries(map).map(([key, entry]): readonly [string, Destination] => {
    const said = entry as Partial<Destination>;
    // Hosts and whose they are go together: an entry that says one of both says both.
    const where = (said.hosts ?? said.exchangersOf) === undefined ? own : { hosts: null, exchangersOf: null };
    return [key, { ...own, ...where, ...said, path: [...path, 'map', key] }];
  });
  return { ...own, map: { by, entries: new Map(entries) } };
}

function listenerOf(entry: Written<typeof listenerSchema>, directory: string): ListenerSettings {
  const { role, tls, ...settings } = entry;
  return {
    ...settings,
    role: role ?? (entry.auth === 'required' ? 'submission' : 'inbound'),
    tls: tls === undefined ? null : tlsOf(tls, directory),
  };
}

function tlsOf(written: NonNullable<Written<typeof listenerSchema>['tls']>, directory: string): TlsSettings {
  const { mode, minVersion, clients } = written;
  const pairOf = ({ cert, key }: KeyPairFiles) => ({ cert: resolve(directory, cert), key: resolve(directory, key) });
  return {
    mode,
    minVersion,
    ...pairOf(written),
    more: written.more.map(pairOf),
    clients: clients === undefined ? null : { ...clients, authorities: resolve(directory, clients.authorities) },
  };
}

function queueOf(written: z.output<typeof shape.queue>, directory: string): Configuration['queue'] {
  const { history, historySize, ...rest } = written;
  const { warnAfter, ...retry } = written.retry;
  return {
    ...rest,
    directory: resolve(directory, written.directory),
    doubleBounce: written.doubleBounce === 'off' ? null : written.doubleBounce,
    history: history === 'off' ? 'off' : { keep: history, size: historySize },
    retry: { ...retry, warnAfter: warnAfter === 'off' ? null : warnAfter },
    destinations: written.destinations.map(({ match = [], rate, ...rest }) => ({
      ...rest,
      match,
      rate: rate === 'off' ? null : rate,
    })),
  };
}

/** A retry policy as it is written, with what it leaves out as usual. `off` is how people write `null`. */
function retryOf(written: NonNullable<Written<typeof routeSchema>['retry']>, usual: RetryPolicy): RetryPolicy {
  const { first, factor, longest, giveUpAfter, warnAfter } = written;
  return {
    first: first ?? usual.first,
    factor: factor ?? usual.factor,
    longest: longest ?? usual.longest,
    giveUpAfter: giveUpAfter ?? usual.giveUpAfter,
    warnAfter: warnAfter === 'off' ? null : (warnAfter ?? usual.warnAfter),
  };
}

function pluginOf(
  entry: Written<typeof pluginSchema>,
  calls: { readonly deadline: number | null; readonly deliveryDeadline: number | null },
): PluginEntry {
  const { use, as, options, when, mode, onError, deadline, path } = entry;
  return {
    use,
    id: as ?? nameOf(use),
    options,
    when: when ?? null,
    mode,
    onError,
    deadline: deadline ?? calls.deadline ?? shape.deadline.parse(undefined),
    deliveryDeadline: deadline ?? calls.deliveryDeadline ?? shape.deliveryDeadline.parse(undefined),
    path,
  };
}

/** The id of an entry that gives itself none: `./filters/mine.ts` is `mine`, `mailframe-plugin-greylist` is `greylist`. */
export function nameOf(use: string): string {
  const name = use.split(/[/\\]/).at(-1) ?? use;
  return name.replace(/\.[cm]?[jt]s$/, '').replace(/^mailframe-plugin-/, '');
}
