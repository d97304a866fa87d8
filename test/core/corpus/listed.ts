/** Lists and reads whole corpora for tests. */
import type { Arrival, ArrivalFacts } from '../../../core/corpus/arrival.ts';
import { foundIn } from '../../../core/corpus/corpus.ts';
import type { Found } from '../../../core/corpus/found.ts';
import { readSample } from '../../../core/corpus/read-sample.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';

export async function listed(...paths: readonly string[]): Promise<readonly Found[]> {
  return Array.fromAsync(foundIn(paths, recordingLog()));
}

/** The messages, read. Anything else is a failure of the test. */
export async function arrivals(
  paths: readonly string[],
  given: ArrivalFacts = {},
  hostnames: readonly string[] = [],
): Promise<readonly (Arrival & { readonly name: string; readonly text: string })[]> {
  const found = await listed(...paths);
  return Promise.all(
    found.map(async one => {
      if (one.kind !== 'sample') throw new Error(`${one.name} is ${one.kind}`);
      const arrival = await readSample(one.sample, { given, hostnames });
      return { ...arrival, name: one.sample.name, text: arrival.content?.toString('latin1') ?? '' };
    }),
  );
}
