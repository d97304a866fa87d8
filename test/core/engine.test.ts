/** How a gateway begins and ends: in order, all or nothing. */

import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEngine, type EngineOptions } from '../../core/engine.ts';
import { accept, definePlugin, deliveredTo, type Plugin, reportAll, token } from '../../core/index.ts';
import { CLOCK, LOG } from '../../core/plugin/ports.ts';
import { QUEUE_STORE } from '../../core/plugin/queue-store.ts';
import { memoryStore } from '../../core/queue/memory-store.ts';
import { ManualClock } from '../../core/testing/manual-clock.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/** A plugin that writes down when it starts and closes. */
function diary(name: string, pages: string[], fails = false): Plugin {
  return definePlugin({
    name,
    create: () => ({
      rcpt: () => accept,
      start() {
        if (fails) throw new Error('the database is away');
        pages.push(`${name} starts`);
      },
      close: () => void pages.push(`${name} closes`),
    }),
  });
}

function sink(taken: string[]): Plugin {
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

async function engineWith(
  plugins: readonly Plugin[],
  changes: Partial<EngineOptions> & { readonly port?: number } = {},
) {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  const { port = 0, ...options } = changes;
  const lines = [
    'hostname: mx.example.test',
    `listeners: [{ id: one, port: 0 }, { id: two, port: ${port} }]`,
    'queue: { directory: ./queue }',
    'plugins:',
    ...[...plugins, sink([])].map(({ name }) => `  - { use: ${name} }`),
    'routes: [{ deliver: sink }]',
  ];
  await writeFile(file, lines.join('\n'));
  const log = recordingLog();
  const taken: string[] = [];
  const engine = await createEngine({
    file,
    plugins: [...plugins, sink(taken)],
    provide: scope => void scope.value(LOG, log),
    ...options,
  });
  onTestFinished(() => engine.close());
  return { engine, log, taken, folder };
}

describe('a gateway', () => {
  test('starts its plugins in the order of the list and closes them in reverse, after the listeners', async () => {
    const pages: string[] = [];
    const { engine } = await engineWith([diary('a', pages), diary('b', pages)]);
    expect(pages).toEqual([]);
    await engine.start();
    expect(engine.listeners.map(({ id }) => id)).toEqual(['one', 'two']);
    await engine.close();
    expect(pages).toEqual(['a starts', 'b starts', 'b closes', 'a closes']);
    await expect(smtpClient(engine.listeners[0]?.port ?? 0)).rejects.toThrow('ECONNREFUSED');
  });

  test('takes a mail, delivers it, and forgets it', async () => {
    const { engine, taken } = await engineWith([diary('a', [])]);
    await engine.start();
    const client = await smtpClient(engine.listeners[0]?.port ?? 0);
    await client.say('EHLO client.test');
    await client.say('MAIL FROM:<ann@client.test>');
    await client.say('RCPT TO:<bob@example.test>');
    expect(await client.data('Subject: hello\n\nbody\n')).toMatchObject({ code: 250 });
    await until(() => expect(taken).toEqual([expect.stringMatching(/^Received: .*Subject: hello\r\n\r\nbody\r\n$/s)]));
    await until(async () => expect((await engine.queue.list({ after: null, limit: 10 })).entries).toEqual([]));
  });

  test('delivers after a restart what it had accepted before', async () => {
    const first = await engineWith([diary('a', [])]);
    await first.engine.start();
    const client = await smtpClient(first.engine.listeners[0]?.port ?? 0);
    await client.say('EHLO client.test');
    await client.say('MAIL FROM:<ann@client.test>');
    await client.say('RCPT TO:<bob@example.test>');
    await client.data('Subject: hello\n\nbody\n');
    await first.engine.close();
    const taken: string[] = [];
    const again = await createEngine({
      file: join(first.folder, 'mailframe.config.yaml'),
      plugins: [diary('a', []), sink(taken)],
      provide: scope => void scope.value(LOG, recordingLog()),
    });
    onTestFinished(() => again.close());
    await again.start();
    await until(() => expect(taken.length + first.taken.length).toBe(1));
  });

  test('can be closed twice, and before it was started', async () => {
    const { engine } = await engineWith([diary('a', [])]);
    await Promise.all([engine.close(), engine.close()]);
    expect(() => engine.queue).toThrow('there is no queue yet');
  });
});

describe('a gateway that is told to end while it starts', () => {
  /** A plugin that starts when it is let. */
  function held(pages: string[]) {
    const [asked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const plugin = definePlugin({
      name: 'held',
      create: () => ({
        rcpt: () => accept,
        start: () => (asked.resolve(), release.promise),
        close: () => void pages.push('held closes'),
      }),
    });
    return { plugin, asked: asked.promise, go: release.resolve };
  }

  test('is whole before it ends, and ends wholly', async () => {
    const pages: string[] = [];
    const { plugin, asked, go } = held(pages);
    const { engine, log } = await engineWith([diary('a', pages), plugin, diary('b', pages)]);
    const started = engine.start();
    await asked;
    const closed = engine.close();
    go();
    await Promise.all([started, closed]);
    expect(pages).toEqual(['a starts', 'b starts', 'b closes', 'held closes', 'a closes']);
    await expect(smtpClient(engine.listeners[0]?.port ?? 0)).rejects.toThrow('ECONNREFUSED');
    expect(log.of('closed')).toHaveLength(1);
  });

  test('does not wait for ever for a plugin, and nothing begins any more once it has ended', async () => {
    const pages: string[] = [];
    const { plugin, asked, go } = held(pages);
    const clock = new ManualClock();
    const { engine } = await engineWith([diary('a', pages), plugin, diary('b', pages)], {
      provide: scope => void scope.value(LOG, recordingLog()).value(CLOCK, clock),
    });
    const started = engine.start();
    await asked;
    const closed = engine.close();
    await clock.asleep();
    await clock.advance(60_000);
    await closed;
    expect(pages).toEqual(['a starts', 'a closes']);
    go();
    await expect(started).rejects.toThrow('it was told to end before it had started');
    expect(engine.listeners).toEqual([]);
  });
});

describe('a gateway that cannot start', () => {
  test('because of a plugin, closes what had started, and says which plugin and why', async () => {
    const pages: string[] = [];
    const { engine, log } = await engineWith([diary('a', pages), diary('b', pages, true), diary('c', pages)]);
    await expect(engine.start()).rejects.toThrow('the plugin b cannot start: the database is away');
    expect(log.of('closed')).toEqual([]);
    expect(pages).toEqual(['a starts', 'a closes']);
    expect(engine.listeners).toEqual([]);
  });

  test('because a port is taken, listens nowhere and closes its plugins', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const pages: string[] = [];
    const { engine } = await engineWith([diary('a', pages)], { port });
    await expect(engine.start()).rejects.toMatchObject({
      code: 'MF_LISTENER_BIND',
      message: expect.stringContaining(`${port}`),
    });
    expect(pages).toEqual(['a starts', 'a closes']);
    expect(engine.listeners).toEqual([]);
  });

  test('because its configuration is wrong, says everything at once', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'mailframe.config.yaml');
    await writeFile(file, 'hostname: "not a name"\nlisteners: []\nplugins: [{ use: relay-polici }]\nroutes: []\n');
    const refused = await createEngine({ file }).catch((error: Error) => error.message);
    expect(refused).toContain(`${file}:1:11: hostname: a domain name is expected`);
    expect(refused).toContain(`${file}:2:12: listeners: at least one entry is expected`);
    expect(refused).toContain('did you mean "relay-policy"?');
  });
});

test('a plugin that hangs or throws at its end keeps nobody else from ending', async () => {
  const pages: string[] = [];
  const throws = definePlugin({
    name: 'throws',
    create: () => ({ rcpt: () => accept, close: () => Promise.reject(new Error('too late')) }),
  });
  const { engine, log } = await engineWith([diary('a', pages), throws]);
  await engine.start();
  await engine.close();
  expect(pages).toEqual(['a starts', 'a closes']);
  expect(log.of('failed')[0]?.fields).toMatchObject({
    plugin: 'throws',
    closing: 'too late',
    at: expect.stringMatching(/^test.core.engine\.test\.ts:\d+:\d+$/),
  });
});

test('a program that embeds a gateway can replace ports and add services', async () => {
  const GREETER = token<{ greet(): string }>('greeter');
  const store = memoryStore();
  let heard = '';
  const greeter = definePlugin({
    name: 'greets',
    needs: { greeter: GREETER },
    create: ({ greeter: service }) => ({ rcpt: () => accept, start: () => void (heard = service.greet()) }),
  });
  const { engine } = await engineWith([greeter], {
    provide: scope => {
      scope.value(LOG, recordingLog());
      scope.value(GREETER, { greet: () => 'hello' });
      scope.value(QUEUE_STORE, store);
    },
  });
  await engine.start();
  expect(heard).toBe('hello');
  expect(engine.queue).toBe(store);
});
