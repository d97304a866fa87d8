/** Who sends: Postfix's smtp-source, and a client of ours for what that one does not do or does not say. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { run } from '../../test/support/program.ts';
import type { ClientOrder, ClientReport } from './client.ts';
import type { Load } from './load.ts';
import type { TestPrograms } from './test-programs.ts';

/** Longer than any round should take, in milliseconds. */
export const LONGEST_ROUND = 180_000;

/** Sends a round by smtp-source. @throws Error with what it said where anything is refused. */
export async function sendBySource(load: Load, port: number, { source, env }: TestPrograms): Promise<void> {
  const { clients, messages, size, connections } = load;
  const kept = connections === 'kept' ? ['-d'] : [];
  const amount = ['-s', `${clients}`, '-m', `${messages}`, '-l', `${size}`];
  const names = ['-M', 'client.test', '-f', 'ann@client.test', '-t', 'bob@next.test'];
  const args = [...kept, ...amount, ...names, `127.0.0.1:${port}`];
  const ended = await run(source, args, { env, timeout: LONGEST_ROUND });
  if (ended.code !== 0 || ended.stderr !== '') throw new Error(`smtp-source: ${ended.stderr}${ended.stdout}`);
}

/** Our client, in a process of its own. */
export interface Client {
  /** Sends what is ordered, and reports what every acceptance took. */
  send(order: ClientOrder): Promise<ClientReport>;
  stop(): Promise<void>;
}

export function client(): Client {
  const child: ChildProcess = fork(fileURLToPath(new URL('./client.ts', import.meta.url)), ['serve']);
  const exit = once(child, 'exit');
  return {
    async send(order) {
      const answered = once(child, 'message');
      child.send(order);
      const [report] = (await Promise.race([answered, exit.then(() => [{ failed: 'it has ended' }])])) as [
        ClientReport | { readonly failed: string },
      ];
      if ('failed' in report) throw new Error(`the client: ${report.failed}`);
      return report;
    },
    async stop() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
