/** Servers in processes of their own: the gateway with what is given as its configuration, and smtp-server alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer, Question } from './probe.ts';

/** What both sides of a comparison are. */
export interface BenchServer {
  readonly name: 'mailframe' | 'smtp-server alone';
  readonly port: number;
  ask<Q extends Question>(question: Q): Promise<Extract<Answer, { kind: Q }>>;
  /** Forgets the most memory that was ever resident. */
  resetPeak(): void;
  /** In octets: the most that was resident since then, and what is at the moment. */
  resident(): { readonly peak: number; readonly now: number };
  stop(): Promise<void>;
}

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** As `npm start` and the command `mailframe` have them. */
const MEMORY_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=60'];
const MEMORY_ENV = { MALLOC_ARENA_MAX: '2' };

const CONFIGURATION = `
hostname: mx.example.test
log: { format: json }
plugins:
  - { use: alias-expansion, options: { file: ./aliases, domains: [example.test] } }
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mx-routing }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
`;

/** What is different from the gateway that all benchmarks share. */
export interface GatewayParts {
  /** Of its one listener, as YAML. */
  readonly limits?: string;
  /** Settings of its queue, as YAML; a folder of its own without it. */
  readonly queue?: string;
  /** As YAML; everything goes to mailboxes without it. */
  readonly routes?: string;
  /** To its next hop at the same time; the default of smtp-relay without it. */
  readonly connections?: number;
  /** Hears what it logs. */
  readonly logged?: (octets: Buffer) => void;
  /** Told at once, before it listens, so that it can be ended before. */
  readonly begun?: (child: ChildProcess) => void;
}

/** The gateway with its shipped plugins and its durable queue. */
export async function gatewayProcess(parts: GatewayParts = {}): Promise<BenchServer> {
  const { limits = '{}', queue = '{ directory: ./queue }', routes = '[{ deliver: mailboxes }]' } = parts;
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-bench-'));
  const clean = () => rm(folder, { recursive: true, force: true });
  const relay = `{ use: smtp-relay, as: internet, options: ${JSON.stringify({ connections: parts.connections })} }`;
  const configuration =
    `${CONFIGURATION}  - ${relay}\nqueue: ${queue}\nroutes: ${routes}\n` +
    `listeners: [{ id: inbound, port: 0, maxSize: 50 MiB, limits: ${limits} }]\n`;
  await writeFile(join(folder, 'mailframe.config.yaml'), configuration);
  await writeFile(join(folder, 'aliases'), 'postmaster: root\n');
  const args = [path('../core/cli/mailframe.js'), 'start', join(folder, 'mailframe.config.yaml')];
  try {
    return await start({ ...parts, name: 'mailframe', args, clean });
  } catch (error) {
    await clean();
    throw error;
  }
}

const SINK = `
import { SMTPServer } from 'smtp-server';
const pause = Number(process.argv[1]);
const server = new SMTPServer({ authOptional: true, disabledCommands: ['STARTTLS'], disableReverseLookup: true,
  socketTimeout: 600_000, size: 50 * 1024 ** 2,
  onData: (stream, _, done) => { setTimeout(() => stream.resume(), pause); stream.on('end', () => done()); } });
server.on('error', () => undefined);
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.server.address().port })));
`;

/** smtp-server with a handler that forgets what it reads, and looks at content only after a pause, in milliseconds. */
export function sinkProcess(pause = 0): Promise<BenchServer> {
  const args = ['--input-type=module', '--eval', SINK, String(pause)];
  return start({ name: 'smtp-server alone', args, clean: () => Promise.resolve() });
}

interface Started extends Pick<GatewayParts, 'logged' | 'begun'> {
  readonly name: BenchServer['name'];
  readonly args: readonly string[];
  readonly clean: () => Promise<void>;
}

async function start({ name, args, clean, logged, begun }: Started): Promise<BenchServer> {
  const flags = [...MEMORY_FLAGS, '--expose-gc', '--import', path('./probe.ts')];
  const env = { ...MEMORY_ENV, ...process.env };
  const child = spawn(process.execPath, [...flags, ...args], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], env });
  const proc = `/proc/${child.pid}`;
  begun?.(child);
  if (logged !== undefined) child.stdout?.on('data', logged);
  return {
    name,
    port: await portOf(child, name),
    async ask<Q extends Question>(question: Q) {
      const answered = once(child, 'message');
      child.send(question);
      const [answer] = await answered;
      return answer as Extract<Answer, { kind: Q }>;
    },
    resetPeak: () => writeFileSync(`${proc}/clear_refs`, '5'),
    resident() {
      const status = readFileSync(`${proc}/status`, 'utf8');
      const field = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
      return { peak: field('VmHWM'), now: field('VmRSS') };
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      await clean();
    },
  };
}

/** Both say on a line of JSON where they listen. */
async function portOf({ stdout }: ChildProcess, name: string): Promise<number> {
  if (stdout === null) throw new Error(`${name} has no output`);
  for await (const line of createInterface({ input: stdout })) {
    const port = /"port":(\d+)/.exec(line)?.[1];
    if (port === undefined) continue;
    stdout.resume();
    return Number(port);
  }
  throw new Error(`${name} ended before it listened`);
}

/** Does the same to both, one after the other. */
export async function withBoth(limits: string, work: (server: BenchServer) => Promise<void>): Promise<void> {
  for (const begin of [() => gatewayProcess({ limits }), sinkProcess]) {
    const server = await begin();
    try {
      await work(server);
    } finally {
      await server.stop();
    }
  }
}
