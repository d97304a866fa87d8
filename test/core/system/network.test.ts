import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemNetwork } from '../../../core/system/network.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const never = new AbortController().signal;

async function listener(): Promise<number> {
  const server = createServer(socket => socket.end('220 mx.example.test\r\n')).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('the network of the machine', () => {
  test('gives a connected socket', async () => {
    const socket = await systemNetwork.connect({ address: '127.0.0.1', port: await listener(), timeout: 5000 }, never);
    const [octets] = (await once(socket, 'data')) as [Buffer];
    expect(octets.toString()).toBe('220 mx.example.test\r\n');
    socket.destroy();
  });

  test('says with the errno why there is no connection', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise(resolve => server.close(resolve));
    await expect(systemNetwork.connect({ address: '127.0.0.1', port, timeout: 5000 }, never)).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  test('a host that does not answer in time is ETIMEDOUT', async () => {
    const connecting = systemNetwork.connect({ address: '127.0.0.1', port: await listener(), timeout: 1 }, never);
    // While this thread stands still the event loop hears of no connection; when it goes on, timers come first.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    await expect(connecting).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  test('gives up with the reason of the signal, before and during the attempt', async () => {
    const abort = new AbortController();
    const port = await listener();
    const connecting = systemNetwork.connect({ address: '127.0.0.1', port, timeout: 5000 }, abort.signal);
    abort.abort(new Error('shutting down'));
    await expect(connecting).rejects.toThrow('shutting down');
    await expect(systemNetwork.connect({ address: '127.0.0.1', port, timeout: 5000 }, abort.signal)).rejects.toThrow(
      'shutting down',
    );
  });

  test('gives a socket that is connected to a Unix socket', async () => {
    const path = join(await tempFolder(), 'lmtp');
    const server = createServer(socket => socket.end('220 mx.example.test\r\n')).listen(path);
    onTestFinished(() => {
      server.close();
    });
    await once(server, 'listening');
    const socket = await systemNetwork.connect({ socket: path, timeout: 5000 }, never);
    const [octets] = (await once(socket, 'data')) as [Buffer];
    expect(octets.toString()).toBe('220 mx.example.test\r\n');
    socket.destroy();
  });

  test('says with the errno why there is no connection to a Unix socket', async () => {
    const folder = await tempFolder();
    const to = (path: string) => systemNetwork.connect({ socket: path, timeout: 5000 }, never);
    await expect(to(join(folder, 'lmtp'))).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(join(folder, 'file'), '');
    await expect(to(join(folder, 'file'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // What is not absolute would depend on where we were started.
    await expect(to('lmtp')).rejects.toMatchObject({ code: 'EINVAL' });
    // Never cut off: it could lead to somebody else.
    await expect(to(`/${'x'.repeat(108)}`)).rejects.toMatchObject({ code: 'EINVAL' });
  });

  test('looks no names up', async () => {
    await expect(
      systemNetwork.connect({ address: 'localhost', port: await listener(), timeout: 5000 }, never),
    ).rejects.toMatchObject({ code: 'EINVAL' });
  });
});
