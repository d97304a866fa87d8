/** A reload: in one instant or not at all, for those who come later, without a client that is refused. */

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  definePlugin,
  deliveredTo,
  type Engine,
  type Plugin,
  reject,
  reportAll,
  token,
  z,
} from '../../../core/index.ts';
import { LOG } from '../../../core/plugin/ports.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { smtpClient } from '../../../core/testing/smtp-client.ts';
import { until } from '../../support/until.ts';
import { runningEngine, type Written } from '../running-engine.ts';

/** Refuses every sender with the words of its options, and writes down its life. */
function naming(pages: string[] = []): Plugin {
  return definePlugin({
    name: 'naming',
    options: z.strictObject({ name: z.string(), fails: z.boolean().default(false) }),
    create: ({ options: { name, fails } }) => ({
      start() {
        if (fails) throw new Error('the database is away');
        pages.push(`${name} starts`);
      },
      close: () => void pages.push(`${name} closes`),
      mail: () => reject(550, '5.7.1', `Refused by ${name}`),
    }),
  });
}

const named = (name: string, fails = false): Written => ({
  plugins: [`{ use: naming, options: { name: ${name}, fails: ${fails} } }`, '{ use: claim }', '{ use: sink }'],
});

const MAIL = 'MAIL FROM:<ann@client.test>';
const text = (engine: Engine) => `${engine.state.generation} ${engine.state.former.generations}`;

describe('a reload', () => {
  test('is met by new sessions, while those that run finish with the old plugins', async () => {
    const pages: string[] = [];
    const { engine, reload, client } = await runningEngine(named('one'), { plugins: [naming(pages)] });
    const early = await client();
    expect(await reload(named('two'))).toMatchObject({ kind: 'reloaded', generation: 2 });
    const late = await client();
    expect((await early.say(MAIL)).lines[0]).toContain('Refused by one');
    expect((await late.say(MAIL)).lines[0]).toContain('Refused by two');
    expect(pages).toEqual(['one starts', 'two starts']);
    expect(text(engine)).toBe('2 1');
    await early.close();
    await until(() => expect(pages).toEqual(['one starts', 'two starts', 'one closes']));
    expect(text(engine)).toBe('2 0');
  });

  test('that is wrong changes nothing, and tells every mistake with its place', async () => {
    const { engine, log, file, reload, client } = await runningEngine(named('one'), { plugins: [naming()] });
    const came = await reload({ ...named('two'), hostname: 'not a name', routes: '[{ deliver: nowhere }]' });
    expect(came).toMatchObject({
      kind: 'refused',
      complaints: [
        { code: 'MF_CONFIG_OPTION', file, line: 1, column: 11 },
        { code: 'MF_TRANSPORT_UNKNOWN', line: 8 },
      ],
    });
    expect((await (await client()).say(MAIL)).lines[0]).toContain('Refused by one');
    expect(engine.configuration.hostname).toBe('mx.example.test');
    expect(log.of('failed').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({
        reloading: expect.stringContaining('mailframe.config.yaml:1:11: hostname:'),
        hint: 'the old configuration stays in use',
      }),
      expect.objectContaining({ reloading: expect.stringContaining('no plugin is named "nowhere"') }),
    ]);
    expect(log.of('reloaded')).toEqual([]);
  });

  test('whose plugin cannot start closes those that had, and the old ones go on', async () => {
    const pages: string[] = [];
    const { engine, reload, client, file } = await runningEngine(named('one'), { plugins: [naming(pages)] });
    const came = await reload({
      plugins: [
        '{ use: naming, as: fine, options: { name: two } }',
        '{ use: naming, options: { name: three, fails: true } }',
        '{ use: claim }',
        '{ use: sink }',
      ],
    });
    expect(came).toMatchObject({
      kind: 'refused',
      complaints: [
        {
          code: 'MF_PLUGIN_START',
          message: expect.stringContaining('the plugin naming cannot start: the database is away'),
          file,
          line: 6,
        },
      ],
    });
    expect(pages).toEqual(['one starts', 'two starts', 'two closes']);
    expect((await (await client()).say(MAIL)).lines[0]).toContain('Refused by one');
    expect(text(engine)).toBe('1 0');
  });

  test('is told in the log: which generation, and what is different', async () => {
    const { log, reload } = await runningEngine(named('one'), { plugins: [naming()] });
    await reload({ ...named('two'), listeners: '[{ id: in, port: 0, maxSize: 1 MiB }]' });
    expect(log.of('reloaded').map(({ fields }) => fields)).toEqual([
      {
        generation: 2,
        changes: ['listener in: maxSize: 25 MiB → 1 MiB', 'plugin naming: options.name changed'],
        goOnWithOld: 0,
        took: expect.any(Number),
      },
    ]);
  });

  test('reads files again that plugins had read, also where the configuration says the same', async () => {
    const users: Written = {
      plugins: [
        '{ use: relay-policy, options: { mailboxes: ./known, localDomains: [example.test] } }',
        '{ use: sink }',
      ],
    };
    const { reload, client, folder, engine } = await runningEngine();
    await writeFile(join(folder, 'known'), 'ann@example.test\n');
    await reload(users);
    const say = async () => {
      const one = await client();
      await one.say(MAIL);
      return (await one.say('RCPT TO:<bob@example.test>')).code;
    };
    expect(await say()).toBe(550);
    await writeFile(join(folder, 'known'), 'ann@example.test\nbob@example.test\n');
    expect(await engine.reload()).toMatchObject({ kind: 'reloaded', changes: [] });
    expect(await say()).toBe(250);
  });

  test('has the environment and secrets anew', async () => {
    const env: Record<string, string> = { NAME: 'one' };
    const written = named('!env NAME');
    const { engine, client } = await runningEngine(written, { plugins: [naming()], env });
    env.NAME = 'two';
    await engine.reload();
    expect((await (await client()).say(MAIL)).lines[0]).toContain('Refused by two');
  });

  test('uses the services again that the program provides', async () => {
    const COUNTER = token<{ count: number }>('counter');
    let provided = 0;
    const counting = definePlugin({
      name: 'counting',
      needs: { counter: COUNTER },
      create: ({ counter }) => ({ start: () => void (counter.count += 1) }),
    });
    const plugins = { plugins: ['{ use: claim }', '{ use: sink }', '{ use: counting }'] };
    const counter = { count: 0 };
    const { engine } = await runningEngine(plugins, {
      plugins: [counting],
      provide(scope) {
        provided += 1;
        scope.value(LOG, recordingLog()).value(COUNTER, counter);
      },
    });
    await engine.reload();
    await engine.reload();
    expect([provided, counter.count]).toEqual([1, 3]);
  });

  test('asked for while one runs waits for one that begins after it, and all who wait share it', async () => {
    const begins = Promise.withResolvers<void>();
    const goesOn = Promise.withResolvers<void>();
    const slow = definePlugin({
      name: 'slow',
      create: () => ({
        async start() {
          begins.resolve();
          await goesOn.promise;
        },
      }),
    });
    const { engine, reload } = await runningEngine({}, { plugins: [slow] });
    const first = reload({ plugins: ['{ use: claim }', '{ use: sink }', '{ use: slow }'] });
    await begins.promise;
    const others = [engine.reload(), engine.reload()];
    goesOn.resolve();
    expect(await Promise.all([first, ...others])).toMatchObject([2, 3, 3].map(generation => ({ generation })));
  });

  test('is refused before the start and after the end, and one that runs at the end changes nothing', async () => {
    const pages: string[] = [];
    const { engine, reload } = await runningEngine(named('one'), { plugins: [naming(pages)] });
    const reloading = reload(named('two')).catch((error: unknown) => String(error));
    await Promise.resolve();
    const closed = engine.close();
    const came = await reloading;
    await closed;
    if (typeof came === 'string') expect(came).toContain('does not run');
    expect(pages.filter(page => page.endsWith('starts')).length).toBe(
      pages.filter(page => page.endsWith('closes')).length,
    );
    await expect(engine.reload()).rejects.toThrow('does not run');
  });
});

describe('listeners of a reload', () => {
  test('keep their socket and take other settings: sessions that run keep theirs', async () => {
    const { reload, client, portOf } = await runningEngine();
    const port = portOf('in');
    const early = await client();
    await reload({
      listeners: '[{ id: in, port: 0, maxSize: 1 MiB, limits: { recipients: 1 } }]',
      hostname: 'new.example.test',
    });
    expect(portOf('in')).toBe(port);
    const late = await client();
    expect(late.greeting.lines[0]).toContain('new.example.test');
    expect((await late.say('EHLO client.test')).lines.join()).toContain('SIZE 1048576');
    expect((await early.say('EHLO client.test')).lines.join()).toContain('SIZE 26214400');
  });

  test('serve a client whose PROXY header comes after the reload as those before would have: settings and plugins', async () => {
    const fronted = (name: string, hostname: string): Written => ({
      ...named(name),
      hostname,
      listeners: '[{ id: in, port: 0, trust: { proxy: [127.0.0.1] } }]',
    });
    const { reload, portOf, engine } = await runningEngine(fronted('one', 'one.test'), { plugins: [naming()] });
    const socket = connect(portOf('in'), '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => (said += text));
    await once(socket, 'connect');
    // Its socket is there, and nothing else is known of it.
    await until(() => expect(engine.state.listeners[0]?.sessions).toBe(1));
    await reload(fronted('two', 'two.test'));
    socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 4711 25\r\n');
    await until(() => expect(said).toContain('220 one.test'));
    socket.write(`EHLO client.test\r\n${MAIL}\r\n`);
    await until(() => expect(said).toContain('Refused by one'));
  });

  test('go on counting a client that has sessions: a change of limits gives nobody a second share', async () => {
    const limited = (count: number) => ({
      listeners: `[{ id: in, port: 0, limits: { connections: ${count}, exempt: [] } }]`,
    });
    const { reload, client, portOf } = await runningEngine(limited(5));
    await client();
    await client();
    await reload(limited(3));
    await client();
    const refused = await smtpClient(portOf('in'));
    expect(refused.greeting).toMatchObject({ code: 421 });
    await refused.close();
  });

  test('are added and removed; who has a transaction on one that is removed finishes it', async () => {
    const { engine, reload, client, portOf, taken } = await runningEngine({
      listeners: '[{ id: in, port: 0 }, { id: old, port: 0 }]',
    });
    const gone = portOf('old');
    const busy = await client('old');
    const idle = await client('old');
    await busy.say(MAIL);
    await reload({ listeners: '[{ id: in, port: 0 }, { id: new, port: 0 }]' });
    expect(engine.listeners.map(({ id }) => id)).toEqual(['in', 'new']);
    await expect(smtpClient(gone)).rejects.toThrow('ECONNREFUSED');
    expect((await idle.closed).map(({ code }) => code)).toEqual([421]);
    await busy.say('RCPT TO:<bob@example.test>');
    expect(await busy.data('Subject: last\n\nbody\n')).toMatchObject({ code: 250 });
    expect((await busy.closed).map(({ code }) => code)).toEqual([421]);
    await until(() => expect(taken.length).toBe(1));
    expect((await (await client('new')).say(MAIL)).code).toBe(250);
  });

  test('that cannot be had leave everything as it was', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const pages: string[] = [];
    const { engine, reload, file } = await runningEngine(named('one'), { plugins: [naming(pages)] });
    const before = engine.listeners;
    const came = await reload({
      ...named('two'),
      listeners: `[{ id: fine, port: 0 }, { id: taken, port: ${port} }]`,
    });
    expect(came).toMatchObject({
      kind: 'refused',
      complaints: [{ code: 'MF_LISTENER_BIND', message: expect.stringContaining('another program'), file, line: 2 }],
    });
    expect(engine.listeners).toEqual(before);
    expect(pages).toEqual(['one starts', 'two starts', 'two closes']);
  });

  test('may change their names, and the socket goes with the address', async () => {
    const { reload, portOf, client, engine } = await runningEngine();
    const at = portOf('in');
    const fixed = (id: string) => ({ listeners: `[{ id: ${id}, port: ${at} }]` });
    // From any free port to the very same one.
    await reload({ listeners: '[{ id: other, port: 0 }]' });
    await reload(fixed('one'));
    const one = await client('one');
    await reload(fixed('two'));
    expect(engine.listeners).toEqual([{ id: 'two', address: '127.0.0.1', port: at }]);
    expect((await one.say('NOOP')).code).toBe(250);
  });
});

describe('the queue of a reload', () => {
  test('has other settings at once', async () => {
    const failing = definePlugin({
      name: 'failing',
      delivers: 'here',
      create: () => ({ deliver: () => reportAll([], deliveredTo('')) }),
    });
    const plugins = ['{ use: claim }', '{ use: failing }'];
    const routes = '[{ deliver: failing }]';
    const { engine, reload, client, log } = await runningEngine({ plugins, routes }, { plugins: [failing] });
    const send = async () => {
      const one = await client();
      await one.say(MAIL);
      await one.say('RCPT TO:<bob@example.test>');
      await one.data('Subject: x\n\nbody\n');
    };
    const wait = (at: number) => {
      const { fields } = log.of('deferred')[at] ?? { fields: { nextAttempt: new Date(0) } };
      return new Date(String(fields.nextAttempt)).getTime() - Date.now();
    };
    await send();
    await until(() => expect(log.of('deferred').length).toBe(1));
    expect(wait(0)).toBeLessThan(20 * 60_000);
    await reload({ plugins, routes, queue: '{ directory: ./queue, retry: { first: 2 h, longest: 3 h } }' });
    await send();
    await until(() => expect(log.of('deferred').length).toBe(2));
    expect(wait(1)).toBeGreaterThan(60 * 60_000);
    expect(engine.state.generation).toBe(2);
  });

  test.each([
    { what: 'another folder', queue: '{ directory: ./elsewhere }', path: ['queue', 'directory'] },
    { what: 'another history', queue: '{ directory: ./queue, history: 1 day }', path: ['queue', 'history'] },
  ])('$what needs a restart, and is refused with its place', async ({ queue, path }) => {
    const { engine, reload } = await runningEngine();
    expect(await reload({ queue })).toMatchObject({
      kind: 'refused',
      complaints: [{ code: 'MF_RELOAD_RESTART', path, line: 3 }],
    });
    expect(engine.state.generation).toBe(1);
  });
});

test('the level and the format of the log change with a reload', async () => {
  const { engine, reload, file } = await runningEngine(
    { more: ['log: { level: error }'] },
    { provide: () => undefined },
  );
  const said: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (line: string | Uint8Array, ...rest: never[]) => {
    if (!String(line).includes('"event"')) return write(line, ...rest);
    said.push(String(line));
    return true;
  };
  onTestFinished(() => void (process.stdout.write = write));
  engine.log.info('unheard');
  await reload({ more: ['log: { level: info, format: json }'] });
  engine.log.warn('heard');
  expect(said.join('')).not.toContain('unheard');
  expect(said.join('')).toContain('"event":"heard"');
  expect(said.join('')).toContain('log.level: error → info');
  expect(await readFile(file, 'utf8')).toContain('level: info');
});
