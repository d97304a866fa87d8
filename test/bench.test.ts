/** The benchmarks of resistance, in sizes that prove nothing but that they still work. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { acceptBench } from '../bench/accept.ts';
import { holdBench } from '../bench/hold.ts';
import { hostileBench } from '../bench/hostile.ts';
import { slowBench } from '../bench/slow.ts';

const lines: string[] = [];

beforeEach(() => {
  lines.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
});
afterEach(() => vi.restoreAllMocks());

/** What is said about each of the two servers. */
const about = (name: string) => lines.filter(line => line.includes(name));

// They read /proc.
describe.skipIf(process.platform !== 'linux')('benchmarks', () => {
  test('idle clients are held, by both servers', async () => {
    await holdBench({ clients: 20, newcomers: 2, seconds: 0.1 });
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).not.toMatch(/NaN|Infinity|undefined/);
    expect(about('20 idle sessions (0 lost)')).toHaveLength(2);
  });

  test('slow clients stay among those that behave', async () => {
    await slowBench({ clients: 10, messages: 20, rounds: 1 });
    expect(lines.join('\n')).not.toMatch(/NaN|Infinity|undefined/);
    expect(about('octet a second (0 lost)')).toHaveLength(2);
  });

  test('every attack comes to an end', async () => {
    await hostileBench(0.001);
    expect(lines.join('\n')).not.toMatch(/NaN|Infinity|undefined|given up|no reply/);
    expect(about('hostile: mailframe').length).toBeGreaterThan(about('hostile: smtp-server').length);
    expect(about('dot-stuffed')).toEqual([
      expect.stringContaining('250 2.0.0 Ok: queued'),
      expect.stringContaining('250 OK: message queued'),
    ]);
  });

  test('messages are accepted', async () => {
    await acceptBench(20);
    expect(lines).toEqual([expect.stringMatching(/^accept: [\d,.]+ messages\/s/)]);
  });
});
