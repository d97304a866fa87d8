/** A thread of a replay: both configurations, and messages that come and go. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadConfiguration } from '../config/load.ts';
import { MailframeError } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import type { Resolver } from '../plugin/dns.ts';
import { systemClock } from '../system/clock.ts';
import { dnsFromFile } from '../system/dns-from-file.ts';
import { systemResolver } from '../system/resolver.ts';
import { Bench } from './bench.ts';
import { type FromReplayThread, type Order, type ReplaySettings, SIGN_OF_LIFE } from './protocol.ts';
import { SharedAnswers } from './shared-answers.ts';
import { stillClock } from './still-clock.ts';

const settings = workerData as ReplaySettings;

function say(message: FromReplayThread): void {
  parentPort?.postMessage(message, []);
}

/** One for both sides. The new configuration says whom it asks. */
async function resolver(): Promise<Resolver> {
  if (settings.dns !== null) return dnsFromFile(settings.dns);
  const loaded = await loadConfiguration(settings.configuration, { env: process.env, now: new Date(settings.at) });
  // A configuration that is not in order is refused when it is compiled.
  const configuration = loaded.kind === 'ok' ? loaded.configuration : loaded.draft?.configuration;
  return new SharedAnswers(systemResolver(configuration?.resolver));
}

async function main(): Promise<void> {
  try {
    const clock = stillClock(new Date(settings.at), systemClock);
    // Out of a file answers come at once: nothing is gained by many at a time.
    const atATime = settings.dns === null ? 'many' : 'one by one';
    const bench = await Bench.open({ ...settings, env: process.env, clock, resolver: await resolver(), atATime });
    parentPort?.on('message', ({ number, sample }: Order) => {
      void bench.replay(sample).then(result => say({ kind: 'result', number, result }));
    });
    say({ kind: 'ready', unready: bench.unready });
    setInterval(() => say({ kind: 'alive' }), SIGN_OF_LIFE);
  } catch (error) {
    const code = error instanceof MailframeError ? error.code : null;
    say({ kind: 'refused', code, message: error instanceof MailframeError ? error.message : describeError(error) });
  }
}

await main();
