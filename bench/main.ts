/**
 * `npm run bench`: what the framework costs and what it stands, as ratios within one run, printed with the machine they
 * were measured on. `npm run bench -- hold slow` runs these alone.
 *
 * Each figure is the median of several rounds; the two sides of a ratio take turns, so that a machine whose speed drifts
 * disturbs both alike.
 */
import { acceptBench } from './accept.ts';
import { chainBench } from './chain.ts';
import { holdBench } from './hold.ts';
import { hostileBench } from './hostile.ts';
import { listBench } from './list.ts';
import { machine } from './machine.ts';
import { millionBench } from './million.ts';
import { pressureBench } from './pressure.ts';
import { slowBench } from './slow.ts';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  chain: chainBench,
  accept: () => acceptBench(),
  list: () => listBench(),
  hold: () => holdBench(),
  slow: () => slowBench(),
  hostile: () => hostileBench(),
  million: () => millionBench(),
  pressure: () => pressureBench(),
};

const wanted = process.argv.slice(2);
const unknown = wanted.find(name => !Object.hasOwn(BENCHES, name));
if (unknown !== undefined) {
  console.error(`there is no benchmark called ${unknown}; there are ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

console.log(machine());
for (const [name, run] of Object.entries(BENCHES)) if (wanted.length === 0 || wanted.includes(name)) await run();
