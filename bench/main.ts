/**
 * `npm run bench`: what the framework costs, as ratios within one run, printed with the machine they were measured on.
 *
 * Each figure is the median of several rounds; the two sides of a ratio take turns, so that a machine whose speed drifts
 * disturbs both alike.
 */
import { cpus, release, totalmem } from 'node:os';
import { acceptBench } from './accept.ts';
import { chainBench } from './chain.ts';

const [cpu] = cpus();
console.log(
  `node ${process.versions.node}, linux ${release()}, ${cpus().length} x ${cpu?.model ?? 'unknown'}, ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB, ${new Date().toISOString().slice(0, 10)}`,
);
await chainBench();
await acceptBench();
