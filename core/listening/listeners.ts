/**
 * All listeners of a gateway, and how they become those of another configuration.
 *
 * Guarantee: everything that can go wrong goes wrong before anything has changed. An address that both configurations have
 * is never let go of: the kernel goes on taking its clients, and the same socket serves them. New addresses are there
 * before old ones go.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CompiledConfiguration } from '../compile.ts';
import type { ListenerSettings } from '../config/configuration.ts';
import { type Path, positionAt } from '../config/place.ts';
import { MailframeError, type Position } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import type { Clock, Files, Log } from '../plugin/ports.ts';
import { Listener, type ListeningAt } from '../smtp/listener.ts';
import type { ListenerOptions } from '../smtp/options.ts';
import type { Reception } from '../smtp/reception.ts';
import { Certificates, type Guarded } from './certificates.ts';
import { ListenerCertificates, type Renewal } from './listener-certificates.ts';

/** How long running transactions may take to finish at the end, in milliseconds. */
const SESSION_GRACE = 30_000;
/** And where their listener is closed while the gateway goes on. */
const LONG_GRACE = 10 * 60_000;

/** Where a listener listens. */
export interface Listening extends ListeningAt {
  readonly id: string;
}

/** What can be told of one. */
export interface ListenerState extends Listening {
  /** Sessions now, and clients who are about to have one. */
  readonly sessions: number;
}

interface Open {
  readonly settings: ListenerSettings;
  readonly hostname: string;
  readonly listener: Listener;
  readonly at: ListeningAt;
  readonly certificates: ListenerCertificates | null;
}

/** Listeners that are ready for another configuration. One of both is called. */
export interface Rearrangement {
  /** Without a turn of the event loop in between: every client meets the old ones, or the new ones. */
  make(): void;
  /** Nothing has happened. */
  abandon(): Promise<void>;
}

/** A configuration, and where its pieces stand. */
type Wanted = Pick<CompiledConfiguration, 'configuration' | 'document'>;

export interface ListenersParts {
  readonly reception: Reception;
  readonly files: Files;
  readonly clock: Clock;
  readonly log: Log;
}

export class Listeners {
  readonly #parts: ListenersParts;
  readonly #certificates: Certificates;
  #open: readonly Open[] = [];
  /** Those that are gone from the configuration, as long as they have sessions. */
  readonly #leaving = new Set<Promise<void>>();
  readonly #ended = new AbortController();

  constructor(parts: ListenersParts) {
    this.#parts = parts;
    this.#certificates = new Certificates([], parts);
    this.#certificates.watch();
  }

  get states(): readonly ListenerState[] {
    return this.#open.map(({ settings: { id }, at, listener }) => ({ id, ...at, sessions: listener.sessions }));
  }

  /** As `Engine.reloadCertificates`. */
  renew(): Promise<readonly Renewal[]> {
    return this.#certificates.renew();
  }

  /** @throws MailframeError where a listener cannot be had as this configuration wants it; nothing has changed then. */
  async prepare({ configuration, document }: Wanted): Promise<Rearrangement> {
    const { listeners, hostname } = configuration;
    const left = new Set(this.#open);
    const changes: (() => void)[] = [];
    const fresh: Listener[] = [];
    const open: Open[] = [];
    let at: Path = [];
    const abandon = async () => {
      await Promise.all(fresh.map(listener => listener.close(AbortSignal.abort())));
    };
    try {
      for (const settings of listeners) {
        at = settings.path;
        const before = match(settings, left);
        if (before !== null) left.delete(before);
        if (before !== null && before.hostname === hostname && isSame(before.settings, settings)) {
          open.push({ ...before, settings });
          continue;
        }
        const certificates = await this.#certificatesOf(settings);
        const options = { ...settings, hostname, tls: certificates?.options ?? null };
        if (before === null) {
          const listener = new Listener(options, this.#parts.reception);
          const bound = await this.#bind(listener, settings);
          fresh.push(listener);
          open.push({ settings, hostname, listener, at: bound, certificates });
        } else {
          changes.push(changeOf(before.listener, options));
          open.push({ ...before, settings, hostname, certificates });
        }
      }
    } catch (error) {
      await abandon();
      throw placed(error, positionAt(document.place, at, 'value'));
    }
    const make = () => {
      this.#open = open;
      for (const change of changes) change();
      for (const listener of fresh) listener.serve();
      for (const { listener } of left) this.#leave(listener);
      this.#certificates.guard(open.flatMap(one => this.#guarded(one)));
    };
    return { make, abandon };
  }

  /** Ends all sessions: idle ones at once, the others after their transaction, and all of them after a while. */
  async close(): Promise<void> {
    this.#certificates.stop();
    const done = new AbortController();
    this.#parts.clock.sleep(SESSION_GRACE, done.signal).then(
      () => this.#ended.abort(),
      () => undefined,
    );
    const closed = this.#open.map(({ listener }) => listener.close(this.#ended.signal));
    await Promise.all([...closed, ...this.#leaving]);
    done.abort();
  }

  #guarded(one: Open): readonly Guarded[] {
    const { certificates, listener } = one;
    if (certificates === null) return [];
    // A look that began before a change may come to its end after it.
    const use = (tls: Parameters<Listener['renew']>[0]) => {
      if (this.#open.includes(one)) listener.renew(tls);
    };
    return [{ certificates, use }];
  }

  #leave(listener: Listener): void {
    const done = new AbortController();
    const cutOff = new AbortController();
    this.#parts.clock.sleep(LONG_GRACE, AbortSignal.any([done.signal, this.#ended.signal])).then(
      () => cutOff.abort(),
      () => undefined,
    );
    const left = listener.close(AbortSignal.any([cutOff.signal, this.#ended.signal])).finally(() => {
      done.abort();
      this.#leaving.delete(left);
    });
    this.#leaving.add(left);
  }

  async #certificatesOf({ id, tls }: ListenerSettings): Promise<ListenerCertificates | null> {
    return tls === null ? null : ListenerCertificates.read({ id, tls }, this.#parts);
  }

  async #bind(listener: Listener, { id, address, port }: ListenerSettings): Promise<ListeningAt> {
    try {
      return await listener.open('held');
    } catch (error) {
      const ours = this.#open.find(({ at }) => port !== 0 && at.port === port);
      if (ours === undefined) throw error;
      throw new MailframeError(
        'MF_LISTENER_BIND',
        `the listener ${id} cannot listen on ${address} port ${port} while ${ours.settings.id} of this gateway listens on ` +
          `${ours.at.address} port ${port} (${describeError(error instanceof Error ? (error.cause ?? error) : error)}): ` +
          'new addresses are opened before old ones are closed, so this needs a restart',
        { cause: error },
      );
    }
  }
}

/** The same error, with the place in the file that it is about. */
function placed(error: unknown, position: Position): unknown {
  if (!(error instanceof MailframeError)) return error;
  return new MailframeError(error.code, error.message, { position, cause: error.cause });
}

function changeOf(listener: Listener, options: ListenerOptions): () => void {
  const change = listener.prepare(options);
  return () => change.make();
}

/** The open listener whose socket these settings can have: the one of the same name first, then any at the same address. */
function match({ id, address, port }: ListenerSettings, open: ReadonlySet<Open>): Open | null {
  const there = [...open].filter(({ settings }) => settings.address === address && settings.port === port);
  const own = there.find(({ settings }) => settings.id === id);
  // Any free port is one that nobody else has asked for.
  return own ?? (port === 0 ? null : (there[0] ?? null));
}

/** Whether nothing about a listener is different but where it stands in the file. */
function isSame(one: ListenerSettings, other: ListenerSettings): boolean {
  return isDeepStrictEqual({ ...one, path: [] }, { ...other, path: [] });
}
