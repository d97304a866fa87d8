/** A full queue and much content at the same time, in sizes that a test can bear: nothing is lost, and memory is bounded. */
import { describe, expect, test } from 'vitest';
import { measureMillion } from '../bench/million.ts';
import { measureThrong } from '../bench/pressure.ts';
import { sinkProcess } from '../bench/server-process.ts';

const MIB = 1024 ** 2;
const LONG = 300_000;

// They read /proc.
describe.skipIf(process.platform !== 'linux')('capacity', () => {
  test(
    'a queue of 20,000 mails that a crash has left, and starts that are killed, lose nothing and keep nobody waiting',
    async () => {
      const sizes = { mails: 20_000, destinations: 5000, due: 2000, leased: 3000, large: 20, messages: 300, kills: 3 };
      const { crashed, killed, waiting } = await measureMillion(sizes);
      // New mail was delivered each time, or this had rejected.
      expect(waiting).toBe(20_000);
      for (const run of [crashed, killed].flatMap(({ among, without }) => [among, without])) {
        expect(run.atGreeting).toBeLessThan(250 * MIB);
        expect(run.peak).toBeLessThan(400 * MIB);
      }
    },
    LONG,
  );

  test(
    '20 clients that send 25 MiB each are all taken and delivered, in a fraction of the memory',
    async () => {
      const sink = await sinkProcess();
      try {
        const it = await measureThrong({ clients: 20, size: 25 * MIB }, sink, 20);
        expect(it.replies).toEqual({ 250: 20 });
        expect(it.accepting).toBeLessThan(400 * MIB);
        expect(it.delivering).toBeLessThan(400 * MIB);
      } finally {
        await sink.stop();
      }
    },
    LONG,
  );
});
