/** The benchmark beside peers, in sizes that prove nothing but that it still works. */
import { appendFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LOADS, type SystemName } from '../bench/peers/load.ts';
import { mboxArrivals } from '../bench/peers/mbox-arrivals.ts';
import type { Result } from '../bench/peers/measure.ts';
import { optionsOf, type PeerOptions } from '../bench/peers/options.ts';
import { reportOf, tableOf } from '../bench/peers/report.ts';
import { runPeers } from '../bench/peers/run.ts';
import { describeWithProgram } from './support/external.ts';
import { describeWithPeer } from './support/peers.ts';
import { POSTFIX } from './support/postfix.ts';
import { tempFolder } from './support/temp-folder.ts';

/** Runs it with so few messages, and gives all that it said. */
async function played(options: Partial<PeerOptions> & Pick<PeerOptions, 'folder'>) {
  const said: string[] = [];
  const tiny = LOADS.map(load => ({ ...load, messages: 4, recipients: Math.min(load.recipients, 60) }));
  const all: PeerOptions = { ...optionsOf(['--rounds', '1', '--peers', 'none']), loads: tiny, pause: 0, ...options };
  const voice = { say: (text: string) => void said.push(text), progress: (line: string) => void said.push(line) };
  const reports = await runPeers(all, voice, new AbortController().signal);
  return { reports, said: said.join('\n') };
}

const measured = (name: SystemName, ...rates: number[]): Result => ({
  kind: 'measured',
  name,
  rates,
  acceptance: [1, 2, 30],
  memory: 2 ** 20,
  cpu: 0.5,
});

// It reads /proc.
describe.skipIf(process.platform !== 'linux')('the benchmark beside peers', () => {
  describeWithProgram('smtp-sink', 'every load through mailframe', () => {
    test('comes to its end, and leaves nothing behind', async () => {
      const folder = await tempFolder();
      const json = join(await tempFolder(), 'figures.json');
      const { reports, said } = await played({ folder, json });
      expect(reports.flatMap(({ results }) => results.map(({ kind, name }) => [kind, name]))).toEqual(
        LOADS.map(() => ['measured', 'mailframe']),
      );
      expect(said).not.toMatch(/NaN|Infinity|undefined|broken|MISSING/);
      for (const { name } of LOADS) expect(said).toContain(`\n${name}: `);
      expect(await readdir(folder)).toEqual([]);
      expect(JSON.parse(await readFile(json, 'utf8'))).toMatchObject({
        reports: LOADS.map(({ name }) => ({ load: { name } })),
      });
    }, 90_000);
  });

  describeWithPeer(POSTFIX, 'the benchmark beside Postfix', () => {
    test('gives Postfix the same loads, and says what that is worth', async () => {
      const names = ['mbox', 'recipients'];
      const loads = LOADS.filter(({ name }) => names.includes(name)).map(load => ({ ...load, messages: 4 }));
      const { reports, said } = await played({ folder: await tempFolder(), loads, systems: ['mailframe', 'postfix'] });
      expect(reports.map(({ ratios }) => ratios)).toEqual(
        loads.map(({ targets }) => [{ to: 'postfix', ratio: expect.any(Number), target: targets.postfix }]),
      );
      expect(said).toMatch(/^Postfix \d+\.\d+/m);
      expect(said).not.toMatch(/NaN|Infinity|undefined|broken|MISSING/);
    }, 90_000);
  });

  test('a ratio is the median of those of the rounds, and of two ways to run Haraka the faster one counts', () => {
    const [load] = LOADS.filter(({ name }) => name === 'fresh');
    if (load === undefined) throw new Error('there is no load of that name');
    const results = [
      measured('mailframe', 300, 500, 1000),
      measured('postfix', 100, 250, 250),
      measured('haraka', 100, 100, 100),
      measured('haraka-cluster', 50, 50, 50),
    ];
    const report = reportOf(load, results);
    expect(report.ratios).toEqual([
      { to: 'postfix', ratio: 3, target: 2 },
      { to: 'haraka', ratio: 5, target: 3 },
      { to: 'haraka-cluster', ratio: 10, target: null },
    ]);
    expect(tableOf(report)).toMatch(/postfix .* 3\.00 x .* 2 x reached/);
  });

  test('a peer that broke is named with its cause, and has no ratio', () => {
    const [load] = LOADS;
    if (load === undefined) throw new Error('there is no load');
    const report = reportOf(load, [
      measured('mailframe', 1),
      { kind: 'broken', name: 'postfix', because: 'it fell\nover' },
    ]);
    expect(report.ratios).toEqual([]);
    expect(tableOf(report)).toMatch(/^ {2}postfix +broken: it fell$/m);
  });

  test('mails in mbox files are counted as they are appended', async () => {
    const folder = await tempFolder();
    const arrivals = mboxArrivals(folder);
    expect(arrivals.count()).toBe(0);
    await writeFile(join(folder, 'user1'), 'From a@b.test x\nSubject: x\n\nFrom me\n>From you\n\nFrom a@');
    await writeFile(join(folder, 'user1.lock'), 'From a@b.test x\n');
    expect(arrivals.count()).toBe(2);
    appendFileSync(join(folder, 'user1'), 'b.test x\nSubject: y\n');
    expect(arrivals.count()).toBe(3);
    await arrivals.stop();
  });

  test('what is asked for and is not there is named', () => {
    expect(() => optionsOf(['--only', 'warp'])).toThrow('there is no load called warp');
    expect(() => optionsOf(['--peers', 'sendmail'])).toThrow('there is no peer called sendmail');
    expect(() => optionsOf(['--rounds', '0'])).toThrow('--rounds is a number from 1 on, not 0');
    expect(optionsOf(['--only', 'mbox,fresh', '--peers', 'postfix'])).toMatchObject({
      loads: [{ name: 'mbox' }, { name: 'fresh' }],
      systems: ['mailframe', 'postfix'],
      rounds: 5,
    });
  });
});
