/**
 * `npm run bench:peers`: the gateway beside Postfix and Haraka, each with its shipped configuration, under the same loads on
 * the same machine in the same run. What is missing is brought into a folder of the run. Options: `--help`.
 */
import { describeError } from '../core/index.ts';
import { optionsOf, type PeerOptions, USAGE } from './peers/options.ts';
import { runPeers } from './peers/run.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}
let options: PeerOptions;
try {
  options = optionsOf(args);
} catch (error) {
  console.error(`${describeError(error)}\n\n${USAGE}`);
  process.exit(2);
}

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => ending.abort(new Error(`ended by ${signal}`)));
try {
  await runPeers(options, { say: text => console.log(text), progress: line => console.error(line) }, ending.signal);
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
