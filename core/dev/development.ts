/**
 * `mailframe dev`: keeps a gateway running that is made of files which somebody is editing, and remembers what it did.
 *
 * Two processes: this one, which has the page and the journal, and one of the gateway, which is replaced whenever a file
 * changes. The next one is compiled while the last one still runs, and takes over only where its configuration is sound.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Complaint } from '../config/complaint.ts';
import { type Fault, NO_FAULT } from './fault.ts';
import { GatewayProcess } from './gateway-process.ts';
import { Journal, type JournalChange } from './journal.ts';
import { MAILBOX } from './mailbox.ts';
import type { Command, DevSettings, OpenListener, Plan, Report } from './reports.ts';
import { Watch } from './watch.ts';

/** How the gateway is. `complaints` and `trouble` may be there beside a gateway that runs: it is the one of before then. */
export interface GatewayStatus {
  readonly running: 'starting' | 'running' | 'down';
  /** Of the one that runs. */
  readonly plan: Plan | null;
  readonly listeners: readonly OpenListener[];
  /** What keeps the files as they are now from running. */
  readonly complaints: readonly Complaint[];
  /** What broke, where no complaint says it. */
  readonly trouble: string | null;
  /** How often it was started. */
  readonly starts: number;
  /** The file whose change it was started for, the last time. */
  readonly because: string | null;
}

export interface DevelopmentParts extends Omit<DevSettings, 'scratch' | 'fault'> {
  readonly output: 'terminal' | 'nowhere';
  readonly inspect: string | null;
}

/** What may be listened to. */
export interface DevelopmentEvents {
  readonly status: (status: GatewayStatus) => void;
  readonly journal: (change: JournalChange) => void;
  readonly fault: (fault: Fault) => void;
}

/** A process of the gateway, and what is known of it. */
interface Running {
  readonly process: GatewayProcess;
  readonly generation: number;
  /** The file that has changed. */
  readonly because: string | null;
  stage: 'compiling' | 'compiled' | 'starting' | 'running';
  plan: Plan | null;
  files: readonly string[];
}

export class Development {
  readonly journal = new Journal();
  readonly #parts: DevelopmentParts;
  readonly #scratch: string;
  readonly #listening = new Set<Partial<DevelopmentEvents>>();
  readonly #watch = new Watch(file => this.restart(file));
  #status: GatewayStatus = {
    running: 'starting',
    plan: null,
    listeners: [],
    complaints: [],
    trouble: null,
    starts: 0,
    because: null,
  };
  #fault = NO_FAULT;
  #current: Running | null = null;
  #next: Running | null = null;
  #generations = 0;
  #ports: Readonly<Record<string, number>> = {};
  #closing: Promise<void> | null = null;
  /** Takes over and retreats, one after the other. */
  #last: Promise<void> = Promise.resolve();

  private constructor(parts: DevelopmentParts, scratch: string) {
    this.#parts = parts;
    this.#scratch = scratch;
  }

  static async begin(parts: DevelopmentParts): Promise<Development> {
    const development = new Development(parts, await mkdtemp(join(tmpdir(), 'mailframe-dev-')));
    development.#watch.files([parts.file], false);
    development.restart(null);
    return development;
  }

  get status(): GatewayStatus {
    return this.#status;
  }

  get fault(): Fault {
    return this.#fault;
  }

  get folder(): string {
    return this.#parts.folder;
  }

  /** The file with all that wanted to leave. */
  get mailbox(): string {
    return join(this.folder, MAILBOX);
  }

  get dns(): DevSettings['dns'] {
    return this.#parts.dns;
  }

  /** @returns what ends it. */
  listen(events: Partial<DevelopmentEvents>): () => void {
    this.#listening.add(events);
    return () => this.#listening.delete(events);
  }

  fail(fault: Fault): void {
    this.#fault = fault;
    this.#command({ kind: 'fail', fault });
    for (const { fault: tell } of this.#listening) tell?.(fault);
  }

  order(command: Extract<Command, { kind: 'order' }>): void {
    this.#command(command);
  }

  clear(): void {
    this.#told(this.journal.clear());
  }

  /** Makes a gateway of the files as they are now. `because`: the file that has changed. */
  restart(because: string | null): void {
    const { inspect } = this.#parts;
    const running = this.#current;
    if (this.#closing !== null) return;
    if (inspect === null || running === null) return this.#compile(because);
    // A debugger has one port: there cannot be two gateways at once.
    this.#current = null;
    this.#say({ running: 'starting' });
    void running.process.close().then(() => this.#compile(because));
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #compile(because: string | null): void {
    if (this.#closing !== null) return;
    const before = this.#next;
    this.#next = null;
    this.#generations += 1;
    const generation = this.#generations;
    const process = new GatewayProcess({
      settings: { ...this.#parts, scratch: this.#scratch, fault: this.#fault },
      output: this.#parts.output,
      inspect: this.#parts.inspect,
      heard: report => this.#heard(running, report),
      ended: lastWords => this.#ended(running, lastWords),
    });
    const running: Running = { process, generation, because, stage: 'compiling', plan: null, files: [] };
    this.#next = running;
    void before?.process.close();
  }

  #heard(running: Running, report: Report): void {
    switch (report.kind) {
      case 'made of':
        running.files = report.files;
        return;
      case 'compiled':
        running.stage = 'compiled';
        running.plan = report.plan;
        this.#last = this.#last.then(() => this.#takeOver(running));
        return;
      case 'refused configuration':
        return this.#refuse(running, { complaints: report.complaints, trouble: null });
      case 'broken':
        return this.#refuse(running, { complaints: [], trouble: report.message });
      case 'started':
        running.stage = 'running';
        this.#ports = Object.fromEntries(report.listeners.map(({ id, port }) => [id, port]));
        this.#watch.files(running.files, false);
        return this.#say({
          running: 'running',
          plan: running.plan,
          listeners: report.listeners,
          complaints: [],
          trouble: null,
          starts: this.#status.starts + 1,
          because: running.because,
        });
      default:
        this.#told(this.journal.take(report, running.generation));
    }
  }

  /** The last one gives up its ports and its queue before the next one is told to begin. */
  async #takeOver(running: Running): Promise<void> {
    if (this.#next !== running || this.#closing !== null) return;
    const before = this.#current;
    this.#current = running;
    this.#next = null;
    running.stage = 'starting';
    this.#say({ running: 'starting' });
    await before?.process.close();
    running.process.tell({ kind: 'fail', fault: this.#fault });
    running.process.tell({ kind: 'start', ports: this.#ports });
  }

  #refuse(running: Running, why: Pick<GatewayStatus, 'complaints' | 'trouble'>): void {
    if (running !== this.#next && running !== this.#current) return;
    const files = new Set([...running.files, ...(this.#current?.files ?? []), this.#parts.file]);
    this.#watch.files([...files], true);
    this.#say({ ...why, running: this.#current?.stage === 'running' ? 'running' : 'down' });
  }

  #ended(running: Running, lastWords: string | null): void {
    if (this.#next === running) this.#next = null;
    if (this.#current !== running) {
      // What was refused ends by itself; what died before it could say anything did not.
      if (lastWords !== null && running.stage === 'compiling' && this.#isSilent) this.#down(running, lastWords);
      return;
    }
    this.#current = null;
    if (lastWords !== null) this.#down(running, this.#status.trouble ?? lastWords);
  }

  get #isSilent(): boolean {
    return this.#status.complaints.length === 0 && this.#status.trouble === null;
  }

  #down(running: Running, trouble: string): void {
    const files = new Set([...running.files, this.#parts.file]);
    this.#watch.files([...files], true);
    const isUp = this.#current?.stage === 'running';
    this.#say({ trouble, ...(isUp ? {} : { running: 'down', listeners: [] }) });
  }

  #command(command: Command): void {
    this.#current?.process.tell(command);
  }

  #say(change: Partial<GatewayStatus>): void {
    this.#status = { ...this.#status, ...change };
    for (const { status } of this.#listening) status?.(this.#status);
  }

  #told(change: JournalChange): void {
    if (change.changed.length + change.gone.length === 0) return;
    for (const { journal } of this.#listening) journal?.(change);
  }

  async #end(): Promise<void> {
    this.#watch.close();
    await Promise.all([this.#next?.process.close(), this.#current?.process.close()]);
    await this.#last;
    await rm(this.#scratch, { recursive: true, force: true });
  }
}
