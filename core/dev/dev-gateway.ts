/**
 * A gateway under development: the one that the configuration describes, on loopback, with a queue of its own and every way
 * out leading back here.
 *
 * Guarantee: it connects to nothing beyond loopback but the tables that the configuration names and, where DNS is live, to
 * DNS; it writes into its own two folders alone; no program is run unless that was asked for.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { type CompiledConfiguration, compile } from '../compile.ts';
import type { Complaint } from '../config/complaint.ts';
import type { Configuration } from '../config/configuration.ts';
import { Gateway } from '../gateway.ts';
import { describeError } from '../mail/failure.ts';
import { addressName, FILES, type Files, LOG, type Log, NETWORK, PROCESSES, RESOLVER } from '../plugin/ports.ts';
import { QUEUE_STORE } from '../plugin/queue-store.ts';
import { TLS_REPORTS } from '../plugin/tls-reports.ts';
import { WEB, type Web } from '../plugin/web.ts';
import { openSqliteStore } from '../queue/sqlite-store.ts';
import { machineServices, NOT_COUNTED } from '../services.ts';
import { systemClock } from '../system/clock.ts';
import type { Scope } from '../wiring/scope.ts';
import { caughtFiles } from './caught-files.ts';
import { type CaughtMail, CaughtNetwork } from './caught-network.ts';
import { type CaughtRun, caughtProcesses } from './caught-processes.ts';
import { authority } from './certificate.ts';
import { Contents } from './contents.ts';
import type { Fault } from './fault.ts';
import { inventedDns } from './invented-dns.ts';
import { MadeOf } from './made-of.ts';
import { MAILBOX, Mailbox } from './mailbox.ts';
import { Observation } from './observation.ts';
import { type AtPort, withPorts } from './ports.ts';
import type { CaughtReport, DevSettings, OpenListener, Order, Plan, Report } from './reports.ts';
import { WatchedStore } from './watched-store.ts';
import { mountedWitness } from './witness.ts';

const PERSON = { by: 'mailframe dev', reason: 'on the page' } as const;

/** A configuration that can run, or why not. */
export type Prepared =
  | { readonly kind: 'ready'; readonly gateway: DevGateway; readonly plan: Plan }
  | { readonly kind: 'refused'; readonly complaints: readonly Complaint[] };

export class DevGateway {
  readonly #settings: DevSettings;
  readonly #tell: (report: Report) => void;
  readonly #authority = authority('mailframe dev', systemClock.now());
  readonly #dns = inventedDns();
  readonly #contents: Contents;
  readonly #observation: Observation;
  readonly #store: WatchedStore;
  readonly #network: CaughtNetwork;
  readonly #mailbox: Mailbox;
  /** The files that were read. */
  readonly #madeOf = new MadeOf();
  #compiled: CompiledConfiguration | null = null;
  #gateway: Gateway | null = null;
  #log: Log | null = null;

  private constructor(settings: DevSettings, tell: (report: Report) => void) {
    this.#settings = settings;
    this.#tell = tell;
    this.#contents = new Contents(join(settings.scratch, 'contents'), `${process.pid}`);
    this.#observation = new Observation({ contents: this.#contents, clock: systemClock, tell });
    this.#store = new WatchedStore(this.#observation.watch);
    this.#mailbox = new Mailbox(join(settings.folder, MAILBOX));
    const caught = (mail: CaughtMail) => void this.#keep(this.#caughtMail(mail));
    const nameOf = (address: string) => this.#dns.nameOf(address);
    this.#network = new CaughtNetwork({ authority: this.#authority, nameOf, caught }, settings.fault);
  }

  /** Reads the configuration and mounts its plugins. Nothing acts before `start`. */
  static async prepare(settings: DevSettings, tell: (report: Report) => void): Promise<Prepared> {
    const gateway = new DevGateway(settings, tell);
    gateway.#madeOf.addConfiguration(settings.file, process.env);
    const compiled = await compile(settings.file, {
      env: process.env,
      now: systemClock.now(),
      scope: configuration => gateway.#services(configuration),
    });
    gateway.#tellMadeOf();
    if (compiled.kind === 'refused') return { kind: 'refused', complaints: compiled.complaints };
    gateway.#compiled = compiled;
    return { kind: 'ready', gateway, plan: planOf(compiled) };
  }

  /** `ports`: those that its listeners had before, which are asked for again. */
  async start(ports: Readonly<Record<string, number>>): Promise<void> {
    const compiled = this.#compiled;
    if (compiled === null) throw new Error('a gateway that was refused cannot start');
    const { scratch, folder } = this.#settings;
    await Promise.all([join(scratch, 'contents'), folder].map(one => mkdir(one, { recursive: true, mode: 0o700 })));
    // Nothing in there is anybody's source.
    await writeFile(join(folder, '.gitignore'), '*\n');
    setDefaultCACertificates([...getCACertificates('default'), this.#authority.cert]);
    await this.#network.open();
    const log = compiled.scope.get(LOG);
    this.#log = log;
    const directory = join(scratch, 'queue');
    this.#store.use(await openSqliteStore({ directory, role: 'owner', log, history: 'off' }));
    const { configuration, mounted } = compiled;
    const at = await withPorts(configuration.listeners, ports);
    const caught: CompiledConfiguration = {
      ...compiled,
      configuration: {
        ...configuration,
        listeners: at.map(({ listener }) => listener),
        queue: { ...configuration.queue, directory },
      },
      mounted: [mountedWitness(this.#observation.witness, log), ...mounted],
    };
    // What has changed is read by the next process, not by this one.
    this.#gateway = new Gateway(caught, { compile: () => Promise.resolve(caught), adopt: () => {} });
    await this.#gateway.start();
    this.#tellMadeOf();
    this.#tell({ kind: 'started', listeners: openListeners(this.#gateway, at) });
  }

  fail(fault: Fault): void {
    this.#network.fail(fault);
  }

  /** Does something to a mail in the queue; nothing, where it is not there any more. */
  async order(id: string, order: Order): Promise<void> {
    await this.#store[order](id, { ...PERSON, now: systemClock.now() });
  }

  async close(): Promise<void> {
    await this.#gateway?.close();
    await this.#network.close();
  }

  #tellMadeOf(): void {
    this.#tell({ kind: 'made of', files: this.#madeOf.files });
  }

  /** The ports of this machine, with every way out leading back here. */
  #services(configuration: Configuration): Scope {
    const machine = machineServices(configuration);
    const { dns, programs, folder } = this.#settings;
    const scope = machine
      .child()
      .value(NETWORK, this.#network.network)
      .value(FILES, this.#files(machine.get(FILES), configuration, folder))
      .value(TLS_REPORTS, NOT_COUNTED)
      .value(WEB, OFFLINE)
      .value(QUEUE_STORE, this.#store);
    if (dns === 'invented') scope.value(RESOLVER, this.#dns);
    if (programs === 'caught')
      scope.value(
        PROCESSES,
        caughtProcesses(run => this.#keep(this.#caughtRun(run))),
      );
    return scope;
  }

  /** Relays that trust authorities of their own trust ours too. */
  #files(machine: Files, { directory, plugins }: Configuration, folder: string): Files {
    const appendices = new Map<string, string>();
    for (const { options } of plugins) {
      const { authorities } = (options ?? {}) as { readonly authorities?: unknown };
      if (typeof authorities === 'string') appendices.set(machine.resolve(authorities), this.#authority.cert);
    }
    const reads = (path: string) => this.#madeOf.add(path);
    return caughtFiles({ machine, base: directory, folder, own: this.#settings.scratch, appendices, reads });
  }

  #caughtMail({ number, meant, from, recipients, tls, content }: CaughtMail): Leaving {
    const name = 'address' in meant ? this.#dns.nameOf(meant.address) : null;
    const to = 'address' in meant && name !== null ? `${name}[${meant.address}]:${meant.port}` : addressName(meant);
    return { number, by: 'next hop', id: null, to, from, recipients: recipients.map(({ path }) => path), tls, content };
  }

  #caughtRun({ command: { program, args, env }, input }: CaughtRun): Leaving {
    const { SENDER: sender = '', RECIPIENT: recipient = '' } = env;
    const id = this.#observation.delivering;
    const to = [program, ...args].join(' ');
    const recipients = [`<${recipient}>`];
    return { number: null, by: 'program', id, to, from: `<${sender}>`, recipients, tls: false, content: input };
  }

  /** What cannot be kept is said in the log: it has been taken already. */
  async #keep({ content, ...about }: Leaving): Promise<void> {
    try {
      const at = systemClock.now();
      await this.#mailbox.add({ ...about, at, content });
      this.#tell({ kind: 'caught', ...about, at: at.getTime(), content: await this.#contents.keep(content) });
    } catch (error) {
      this.#log?.error('failed', { catching: describeError(error), mailbox: this.#mailbox.file });
    }
  }
}

type Leaving = Omit<CaughtReport, 'kind' | 'at' | 'content'> & { readonly content: Buffer };

/** Policies of domains are not fetched: their demands are about hosts that nobody will talk to. */
const OFFLINE: Web = {
  get: ({ url }) =>
    Promise.resolve({ kind: 'failed', what: 'other', cause: `${url.host} is not asked in development` }),
};

function planOf({ configuration, mounted, warnings }: CompiledConfiguration): Plan {
  const plugins = mounted.map(({ id, mode, entry: { use } }) => ({ id, use, mode }));
  const { hostname, file } = configuration;
  return { hostname, file, plugins, warnings, exampleRecipient: `hello@${firstDomain(configuration)}` };
}

/** A domain that the configuration treats as its own, as far as the relay policy says; else the host's. */
function firstDomain({ plugins, hostname }: Configuration): string {
  for (const { options } of plugins) {
    const { localDomains } = (options ?? {}) as { readonly localDomains?: unknown };
    if (Array.isArray(localDomains) && typeof localDomains[0] === 'string') return localDomains[0];
  }
  return hostname;
}

function openListeners({ listeners }: Gateway, at: readonly AtPort[]): readonly OpenListener[] {
  return listeners.map(({ id, address, port }, index) => {
    const { protocol = 'smtp', tls = null, auth = 'off' } = at[index]?.listener ?? {};
    const insteadOf = at[index]?.insteadOf ?? null;
    return { id, address, port, protocol, tls: tls === null ? 'off' : tls.mode, auth, insteadOf };
  });
}
