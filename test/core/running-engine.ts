/** An engine that runs, whose configuration a test rewrites. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createEngine, type EngineOptions } from '../../core/engine.ts';
import { accept, definePlugin, deliveredTo, type Plugin, reportAll } from '../../core/index.ts';
import { LOG } from '../../core/plugin/ports.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** What a configuration is made of; each may be left out. */
export interface Written {
  readonly hostname?: string;
  readonly listeners?: string;
  readonly queue?: string;
  readonly plugins?: readonly string[];
  readonly routes?: string;
  /** Further lines. */
  readonly more?: readonly string[];
}

/** The text of a configuration. */
export function written({ hostname = 'mx.example.test', ...of }: Written = {}): string {
  const plugins = of.plugins ?? ['{ use: claim }', '{ use: sink }'];
  return [
    `hostname: ${hostname}`,
    `listeners: ${of.listeners ?? '[{ id: in, port: 0 }]'}`,
    `queue: ${of.queue ?? '{ directory: ./queue }'}`,
    'plugins:',
    ...plugins.map(one => `  - ${one}`),
    `routes: ${of.routes ?? '[{ deliver: sink }]'}`,
    ...(of.more ?? []),
  ].join('\n');
}

/** Claims every recipient. */
export const claim = definePlugin({ name: 'claim', create: () => ({ rcpt: () => accept }) });

/** Delivers into a list. */
export function sink(taken: string[]): Plugin {
  return definePlugin({
    name: 'sink',
    delivers: 'here',
    create: () => ({
      async deliver({ mail, recipients }) {
        taken.push((await mail.content.bytes()).toString());
        return reportAll(recipients, deliveredTo('the sink'));
      },
    }),
  });
}

/** Starts one. Call it inside a test. */
export async function runningEngine(
  first: Written = {},
  { plugins = [], ...options }: Partial<EngineOptions> & { readonly plugins?: readonly Plugin[] } = {},
) {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  await writeFile(file, written(first));
  const log = recordingLog();
  const taken: string[] = [];
  const engine = await createEngine({
    file,
    plugins: [...plugins, claim, sink(taken)],
    provide: scope => void scope.value(LOG, log),
    ...options,
  });
  onTestFinished(() => engine.close());
  await engine.start();
  const portOf = (id: string) => {
    const found = engine.listeners.find(one => one.id === id);
    if (found === undefined) throw new Error(`no listener ${id}`);
    return found.port;
  };
  return {
    engine,
    log,
    taken,
    folder,
    file,
    portOf,
    write: (next: Written) => writeFile(file, written(next)),
    /** Writes another configuration and goes over to it. */
    reload: async (next: Written) => {
      await writeFile(file, written(next));
      return engine.reload();
    },
    /** A client that has said EHLO. */
    client: async (id = 'in') => {
      const client = await smtpClient(portOf(id));
      onTestFinished(() => client.close());
      await client.say('EHLO client.test');
      return client;
    },
  };
}
