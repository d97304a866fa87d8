import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ReplyWriter } from '../../../core/smtp/reply-writer.ts';
import { until } from '../../support/until.ts';

/** The two ends of a connection over loopback. */
async function ends(): Promise<{ readonly ours: Socket; readonly client: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('a TCP server has a port');
  const client = connect(bound.port, '127.0.0.1').pause();
  const [ours] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    client.destroy();
    ours.destroy();
    server.close();
  });
  return { ours, client };
}

test('denial of service: who reads no replies is not read any further, until it reads', async () => {
  const { ours, client } = await ends();
  const writer = new ReplyWriter(() => ours);
  let lines = 0;
  const more = (): void => {
    lines += 1;
    // Without an end this would never come back.
    if (lines > 100_000) return;
    writer.write(`250 2.0.0 ${'Ok'.repeat(200)}\r\n`);
    writer.whenRead(() => setImmediate(more));
  };
  more();
  await until(() => expect(writer.blocked).toBe(true));
  const before = lines;
  expect(before).toBeLessThan(100_000);
  client.resume();
  await until(() => expect(lines).toBeGreaterThan(before));
});

test('replies that are said at once leave at once, and in their order', async () => {
  const { ours, client } = await ends();
  const writer = new ReplyWriter(() => ours);
  writer.write('250 one\r\n');
  writer.write('250 two\r\n');
  expect(ours.writableLength + ours.bytesWritten).toBe(0);
  client.resume();
  const [octets] = (await once(client, 'data')) as [Buffer];
  expect(octets.toString()).toBe('250 one\r\n250 two\r\n');
});

test('what was said before the end is not lost with it, and nothing is said to who has gone', async () => {
  const { ours, client } = await ends();
  const writer = new ReplyWriter(() => ours);
  writer.write('221 2.0.0 Bye\r\n');
  writer.flush();
  ours.end();
  writer.write('250 2.0.0 Ok\r\n');
  client.resume();
  const [octets] = (await once(client, 'data')) as [Buffer];
  await once(client, 'end');
  expect(octets.toString()).toBe('221 2.0.0 Bye\r\n');
});
