/**
 * A gateway as a process of its own, by the real command line: to be killed, starved, and watched from outside.
 *
 * It ends with its test, however the test ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { SmtpReply } from '../../core/testing/reply-reader.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { until } from '../support/until.ts';

/** The command `mailframe`. */
export const COMMAND = fileURLToPath(new URL('../../core/cli/mailframe.js', import.meta.url));

/** A line of its log. */
export interface LogEntry {
  readonly level: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** How it is started. */
export interface ProcessSettings {
  /** What runs it: `nsenter` with its arguments, for one. It must become the gateway, not start it. */
  readonly prefix?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process that may listen, or not yet. */
export interface GatewayProcess {
  readonly pid: number;
  /** All that it has written, to both outputs. */
  said(): string;
  log(): readonly LogEntry[];
  /** The port of its first listener, once it listens. Rejects where it ends instead. */
  listening(): Promise<number>;
  /** Waits for a line of the log, from the line `from` on. */
  logged(event: string, fields?: Readonly<Record<string, unknown>>, from?: number): Promise<LogEntry>;
  /** The exit code; `null` where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the gateway of a configuration file. Call it inside a test. */
export function gatewayProcess(file: string, { prefix = [], env = {} }: ProcessSettings = {}): GatewayProcess {
  const [program, ...args] = [...prefix, process.execPath, COMMAND, 'start', file] as const;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Watched(child);
}

/** Sends one mail in a session of its own, and gives the reply that ended it: to a command that was refused, or to the content. */
export async function sendOne(
  port: number,
  to: readonly string[],
  content: string | Buffer = 'Subject: one\n\nbody\n',
): Promise<string> {
  const client = await smtpClient(port, { patience: 60_000 });
  try {
    for (const line of ['EHLO client.test', 'MAIL FROM:<ann@client.test>', ...to.map(one => `RCPT TO:<${one}>`)]) {
      const reply = await client.say(line);
      if (reply.code !== 250) return lastLine(reply);
    }
    return lastLine(await client.data(content));
  } finally {
    await client.close();
  }
}

function lastLine({ lines }: SmtpReply): string {
  return lines.at(-1) ?? '';
}

class Watched implements GatewayProcess {
  readonly pid: number;
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #entries: LogEntry[] = [];
  #text = '';
  #read = 0;
  #over = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    for (const output of [child.stdout, child.stderr]) {
      output?.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    }
    this.ended = new Promise(resolve => {
      child.once('close', code => {
        this.#over = true;
        resolve(code);
      });
    });
  }

  said(): string {
    return this.#text;
  }

  log(): readonly LogEntry[] {
    const end = this.#text.lastIndexOf('\n') + 1;
    const lines = this.#text
      .slice(this.#read, end)
      .split('\n')
      .filter(line => line.startsWith('{"level"'));
    this.#read = Math.max(end, this.#read);
    this.#entries.push(...lines.map(line => JSON.parse(line) as LogEntry));
    return this.#entries;
  }

  async listening(): Promise<number> {
    const { listeners } = await this.logged('started');
    return (listeners as readonly { readonly port: number }[])[0]?.port ?? 0;
  }

  logged(event: string, fields: Readonly<Record<string, unknown>> = {}, from = 0): Promise<LogEntry> {
    const fits = (entry: LogEntry) =>
      entry.event === event && Object.entries(fields).every(([name, want]) => matches(entry[name], want));
    const wanted = until(() => {
      const found = this.log().slice(from).find(fits);
      if (found !== undefined) return found;
      throw new Error(`no line ${event} ${JSON.stringify(fields)} in: ${this.#text}`);
    });
    const gone = this.ended.then(code => {
      const found = this.log().slice(from).find(fits);
      if (found !== undefined) return found;
      throw new Error(`it ended with ${code}, without a line ${event}: ${this.#text}`);
    });
    return Promise.race([wanted, gone]);
  }

  end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.#over) this.#child.kill(signal);
    return this.ended;
  }
}

/** A regular expression stands for every text that it finds something in. */
function matches(value: unknown, want: unknown): boolean {
  if (want instanceof RegExp) return typeof value === 'string' && want.test(value);
  return value === want;
}
