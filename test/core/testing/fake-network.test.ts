import { once } from 'node:events';
import { fakeNetwork, smtpSink } from 'mailframe/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

const never = new AbortController().signal;

describe('a fake network', () => {
  test('leads to a port of this machine', async () => {
    const sink = await smtpSink();
    onTestFinished(sink.close);
    const network = fakeNetwork({ '192.0.2.1:25': sink.port });
    const socket = await network.connect({ address: '192.0.2.1', port: 25, timeout: 5000 }, never);
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(greeting.toString()).toMatch(/^220 /);
    socket.destroy();
    expect(network.attempts).toEqual(['192.0.2.1:25']);
  });

  test('leads from the path of a socket to a port of this machine, or to a failure', async () => {
    const sink = await smtpSink();
    onTestFinished(sink.close);
    const network = fakeNetwork({ '/run/lmtp': sink.port, '/run/other': 'EACCES' });
    const to = (socket: string) => network.connect({ socket, timeout: 5000 }, never);
    (await to('/run/lmtp')).destroy();
    await expect(to('/run/other')).rejects.toMatchObject({ code: 'EACCES' });
    expect(network.attempts).toEqual(['/run/lmtp', '/run/other']);
  });

  test('fails as it is told, and refuses what it was not told of', async () => {
    const network = fakeNetwork({ '192.0.2.1:25': 'ETIMEDOUT' });
    const to = (address: string) => network.connect({ address, port: 25, timeout: 5000 }, never);
    await expect(to('192.0.2.1')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
    await expect(to('192.0.2.2')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    network.set({ '192.0.2.2:25': 'EHOSTUNREACH' });
    await expect(to('192.0.2.2')).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
  });
});

test('a star leads from every other destination', async () => {
  const network = fakeNetwork({ '*': 'EHOSTUNREACH', '192.0.2.1:25': 'ETIMEDOUT' });
  const connect = (address: string) => network.connect({ address, port: 25, timeout: 1 }, new AbortController().signal);
  await expect(connect('192.0.2.1')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  await expect(connect('192.0.2.2')).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
});
