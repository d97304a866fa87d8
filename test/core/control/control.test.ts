/** The control socket: one request a connection, items as they come, nobody's mistake hurts the gateway. */
import { once } from 'node:events';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { askGateway } from '../../../core/control/control-client.ts';
import { ControlServer, type ControlVerb, Refusal } from '../../../core/control/control-server.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

/** A verb that returns what it makes of its parameters. */
const answering =
  (make: (value: unknown) => unknown): ControlVerb =>
  async ({ value }) =>
    make(value);

async function open(verbs: Readonly<Record<string, ControlVerb>>, directory?: string) {
  const folder = directory ?? (await tempFolder());
  const log = recordingLog();
  const clock = new ManualClock('2026-11-23T12:00:00Z');
  const server = await ControlServer.open({ directory: folder, verbs: new Map(Object.entries(verbs)), clock, log });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await server.close();
  };
  onTestFinished(close);
  return { folder, log, clock, close };
}

test('a request is answered', async () => {
  const { folder } = await open({ double: answering(value => Number(value) * 2) });
  expect(await askGateway({ directory: folder, verb: 'double', with: { value: 21 } })).toEqual({
    kind: 'done',
    result: 42,
  });
});

test('items come before the last word, one after the other', async () => {
  const count: ControlVerb = async (_, { say }) => {
    await say('one\ntwo');
    await say({ three: 3 });
    return 'over';
  };
  const { folder } = await open({ count });
  const heard: unknown[] = [];
  const asked = await askGateway({ directory: folder, verb: 'count', heard: item => void heard.push(item) });
  expect(heard).toEqual(['one\ntwo', { three: 3 }]);
  expect(asked).toEqual({ kind: 'done', result: 'over' });
});

test('a refusal reaches whoever asked, and not the log; a fault reaches both', async () => {
  const { folder, log } = await open({
    refuse: answering(() => {
      throw new Refusal('not today');
    }),
    fail: answering(() => {
      throw new Error('the disk is away');
    }),
  });
  expect(await askGateway({ directory: folder, verb: 'refuse' })).toEqual({ kind: 'refused', message: 'not today' });
  expect(log.of('failed')).toEqual([]);
  expect(await askGateway({ directory: folder, verb: 'fail' })).toEqual({
    kind: 'refused',
    message: 'the disk is away',
  });
  expect(log.of('failed').map(({ fields }) => fields)).toEqual([{ controlling: 'fail', cause: 'the disk is away' }]);
});

test('a verb that goes on ends when its client goes', async () => {
  let ended = 0;
  const follow: ControlVerb = async (_, { say, signal }) => {
    try {
      await say('begun');
      await once(signal, 'abort');
      await say('never heard');
    } finally {
      ended += 1;
    }
  };
  const { folder, log } = await open({ follow });
  const patience = new AbortController();
  const asked = askGateway({
    directory: folder,
    verb: 'follow',
    signal: patience.signal,
    heard: () => patience.abort(),
  });
  expect(await asked).toEqual({ kind: 'broken-off' });
  await until(() => expect(ended).toBe(1));
  expect(log.of('failed')).toEqual([]);
});

test('the end of the gateway ends what goes on, and leaves no socket behind', async () => {
  const follow: ControlVerb = async (_, { say, signal }) => {
    await say('begun');
    await once(signal, 'abort');
  };
  const { folder, close } = await open({ follow });
  const asked = askGateway({ directory: folder, verb: 'follow', heard: () => void close() });
  expect(await asked).toEqual({ kind: 'broken-off' });
  await close();
  await until(() => expect(stat(join(folder, 'control.sock'))).rejects.toThrow('ENOENT'));
  expect(await askGateway({ directory: folder, verb: 'follow' })).toEqual({ kind: 'nobody' });
});

test('a client that does not read slows down its own verb, and nobody else', async () => {
  let said = 0;
  const flood: ControlVerb = async (_, { say }) => {
    for (;;) {
      await say('x'.repeat(64 * 1024));
      said += 1;
    }
  };
  const { folder } = await open({ flood, double: answering(value => Number(value) * 2) });
  const patience = new AbortController();
  const { promise: stuck } = Promise.withResolvers<void>();
  const heard = () => stuck;
  const asked = askGateway({ directory: folder, verb: 'flood', signal: patience.signal, heard });
  await until(async () => {
    const before = said;
    expect(await askGateway({ directory: folder, verb: 'double', with: { value: 1 } })).toMatchObject({ result: 2 });
    expect(before).toBeGreaterThan(0);
    expect(said).toBe(before);
  });
  expect(said).toBeLessThan(100);
  patience.abort();
  void asked;
});

test('where no gateway runs, nobody answers', async () => {
  const folder = await tempFolder();
  expect(await askGateway({ directory: folder, verb: 'status' })).toEqual({ kind: 'nobody' });
  expect(await askGateway({ directory: join(folder, 'nowhere'), verb: 'status' })).toEqual({ kind: 'nobody' });
});

test('only its own user may ask', async () => {
  const { folder } = await open({});
  expect((await stat(join(folder, 'control.sock'))).mode & 0o777).toBe(0o600);
});

test('a socket that a killed gateway left behind is replaced', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'control.sock'), '');
  await open({ double: answering(value => Number(value) * 2) }, folder);
  expect(await askGateway({ directory: folder, verb: 'double', with: { value: 1 } })).toMatchObject({ kind: 'done' });
});

test('one on which somebody answers is left alone', async () => {
  const folder = await tempFolder();
  const other = createServer(socket => socket.end()).listen(join(folder, 'control.sock'));
  await once(other, 'listening');
  onTestFinished(() => void other.close());
  await expect(open({}, folder)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('a folder whose path is too long for a socket has one all the same', async () => {
  const folder = join(await tempFolder(), 'a'.repeat(100), 'b'.repeat(100));
  await mkdir(folder, { recursive: true });
  const { close } = await open({ double: answering(value => Number(value) * 2) }, folder);
  expect(await askGateway({ directory: folder, verb: 'double', with: { value: 4 } })).toEqual({
    kind: 'done',
    result: 8,
  });
  expect((await stat(join(folder, 'control.sock'))).mode & 0o777).toBe(0o600);
  await close();
  await expect(stat(join(folder, 'control.sock'))).rejects.toThrow('ENOENT');
});

/** Says something by hand, and gives all that is said to it. */
async function sayTo(folder: string, octets: string): Promise<string> {
  const socket = connect(join(folder, 'control.sock'));
  onTestFinished(() => void socket.destroy());
  let said = '';
  socket.setEncoding('utf8').on('data', (text: string) => (said += text));
  // What is reset has been cut off.
  socket.on('error', () => undefined);
  socket.on('connect', () => socket.write(octets));
  await new Promise<void>(resolve => socket.once('close', () => resolve()));
  return said;
}

test.each([
  { says: 'no JSON', line: 'hello', want: 'a request is one line with a JSON object' },
  {
    says: 'a later protocol',
    line: '{"protocol":99,"verb":"status"}',
    want: 'version 1 of the control protocol, not 99',
  },
  { says: 'no verb', line: '{"protocol":1}', want: 'a request names a verb' },
  { says: 'an unknown verb', line: '{"protocol":1,"verb":"dance"}', want: 'does not know "dance", only status' },
])('a client that says $says hears why', async ({ line, want }) => {
  const { folder } = await open({ status: answering(() => null) });
  const said = JSON.parse((await sayTo(folder, `${line}\n`)).replaceAll('\\"', "'")) as { message: string };
  expect(said).toMatchObject({ kind: 'refused' });
  expect(said.message).toContain(want.replaceAll('"', "'"));
});

test('a client that says too much, or nothing for too long, is cut off', async () => {
  const { folder, clock } = await open({});
  expect(await sayTo(folder, 'x'.repeat(200_000))).toBe('');
  const silent = sayTo(folder, '');
  const timer = setInterval(() => void clock.advance(1000), 5);
  onTestFinished(() => clearInterval(timer));
  expect(await silent).toBe('');
});
