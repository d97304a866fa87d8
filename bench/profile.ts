/**
 * `node bench/profile.ts FILES`: where the time of a thread went, from profiles of V8: functions by the time that was
 * spent in them and in nothing that they called.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node that was met at each look, and what had passed since the look before, in microseconds. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 45;
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IDLE = '(idle)';

function spent({ nodes, samples, timeDeltas }: Profile): ReadonlyMap<string, number> {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const place = url.replace('file://', '').replace(ROOT, '');
      return [id, place === '' ? functionName : `${functionName || '(anonymous)'}  ${place}:${lineNumber + 1}`];
    }),
  );
  const times = new Map<string, number>();
  for (const [index, sample] of samples.entries()) {
    const name = names.get(sample) ?? '?';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0) / 1000);
  }
  return times;
}

for (const file of process.argv.slice(2)) {
  const times = spent(JSON.parse(readFileSync(file, 'utf8')) as Profile);
  const total = [...times.values()].reduce((sum, one) => sum + one, 0);
  const busy = total - (times.get(IDLE) ?? 0);
  console.log(`${file}: ${(total / 1000).toFixed(1)} s, ${((busy / total) * 100).toFixed(0)}% of them busy; of these`);
  const rows = [...times].filter(([name]) => name !== IDLE).toSorted(([, one], [, other]) => other - one);
  for (const [name, time] of rows.slice(0, SHOWN)) {
    console.log(`  ${((time / busy) * 100).toFixed(1).padStart(5)}%  ${time.toFixed(0).padStart(6)} ms  ${name}`);
  }
}
