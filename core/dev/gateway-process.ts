/** The process of a gateway, from outside: begun, told, listened to, ended. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command, DevSettings, Report } from './reports.ts';

// The compiler rewrites the endings of imports, not of this address: the other module ends as this one does.
const CHILD = fileURLToPath(new URL(`./child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
/** Then it is ended from outside. In milliseconds. */
const PATIENCE = 10_000;
/** Of what it says on its standard error, in characters. */
const LAST_WORDS = 4000;

export interface GatewayProcessParts {
  readonly settings: DevSettings;
  /** Where its log goes. */
  readonly output: 'terminal' | 'nowhere';
  /** For a debugger: `127.0.0.1:9229`. `null`: nobody can look inside. */
  readonly inspect: string | null;
  readonly heard: (report: Report) => void;
  /** It has ended; `lastWords` of it where nobody had asked it to. */
  readonly ended: (lastWords: string | null) => void;
}

export class GatewayProcess {
  readonly #child: ChildProcess;
  readonly #over: Promise<void>;
  #asked = false;
  #said = '';

  constructor({ settings, output, inspect, heard, ended }: GatewayProcessParts) {
    this.#child = fork(CHILD, [JSON.stringify(settings)], {
      stdio: ['ignore', output === 'terminal' ? 'inherit' : 'ignore', 'pipe', 'ipc'],
      execArgv: inspect === null ? [] : [`--inspect=${inspect}`],
      serialization: 'advanced',
      // Half of the time that a start takes is spent on sources that have not changed.
      env: { NODE_COMPILE_CACHE: join(settings.scratch, 'compiled'), ...process.env },
    });
    this.#child.stderr?.on('data', (octets: Buffer) => {
      this.#said = (this.#said + octets.toString()).slice(-LAST_WORDS);
      if (output === 'terminal') process.stderr.write(octets);
    });
    this.#child.on('message', message => heard(message as Report));
    // It may be gone already: then `close` says so.
    this.#child.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#over = promise;
    this.#child.on('close', (code, signal) => {
      resolve();
      ended(this.#asked ? null : this.#said.trim() || `it ended with ${signal ?? `code ${code}`}`);
    });
  }

  tell(command: Command): void {
    if (this.#child.connected) this.#child.send(command);
  }

  /** Ends it in good order, or else in any. Resolves when it is gone. */
  async close(): Promise<void> {
    this.#asked = true;
    this.tell({ kind: 'close' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE);
    await this.#over;
    clearTimeout(timer);
  }
}
