/** What can be said on the command line. */
import { parseArgs } from 'node:util';
import { LOADS, type Load, SYSTEM_NAMES, type SystemName } from './load.ts';

export interface PeerOptions {
  readonly loads: readonly Load[];
  readonly systems: readonly SystemName[];
  readonly rounds: number;
  /** After each round, in milliseconds. */
  readonly pause: number;
  /** Where things are installed and queues lie; `null`: a folder that is removed at the end. */
  readonly folder: string | null;
  readonly postfix: 'installed' | 'downloaded';
  /** The file for all figures. */
  readonly json: string | null;
  /** The folder for CPU profiles of mailframe. */
  readonly profile: string | null;
}

const PAUSE = 500;

export const USAGE = `npm run bench:peers -- [options]
  --only LOADS     of ${LOADS.map(({ name }) => name).join(',')}; all without it
  --peers NAMES    beside mailframe, of ${SYSTEM_NAMES.slice(1).join(',')}; all without it, "none" for mailframe alone
  --rounds N       rounds that count, 5 without it
  --messages N     messages of a round, in place of those of the load
  --folder DIR     on the disk to measure; what was brought stays in it for the next run. A folder below /var/tmp without it
  --postfix WHICH  "installed", or "downloaded" to bring Debian's package also where it is installed
  --profile DIR    V8's CPU profiles of mailframe go into it
  --json FILE      all figures go into it`;

/** @throws Error that says what is wrong. */
export function optionsOf(args: readonly string[]): PeerOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      peers: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      messages: { type: 'string' },
      folder: { type: 'string' },
      postfix: { type: 'string', default: 'installed' },
      profile: { type: 'string' },
      json: { type: 'string' },
    },
  });
  const loads = chosen(values.only, LOADS, 'load');
  const messages = values.messages === undefined ? null : count(values.messages, '--messages');
  const peers = SYSTEM_NAMES.slice(1).map(name => ({ name }));
  const { postfix } = values;
  if (postfix !== 'installed' && postfix !== 'downloaded') throw new Error('--postfix is "installed" or "downloaded"');
  return {
    loads: messages === null ? loads : loads.map(load => ({ ...load, messages })),
    systems: [
      'mailframe',
      ...(values.peers === 'none' ? [] : chosen(values.peers, peers, 'peer').map(({ name }) => name)),
    ],
    rounds: count(values.rounds, '--rounds'),
    pause: PAUSE,
    folder: values.folder ?? null,
    postfix,
    json: values.json ?? null,
    profile: values.profile ?? null,
  };
}

function chosen<T extends { readonly name: string }>(
  list: string | undefined,
  all: readonly T[],
  what: string,
): readonly T[] {
  if (list === undefined) return all;
  return list.split(',').map(name => {
    const found = all.find(one => one.name === name);
    if (found === undefined)
      throw new Error(`there is no ${what} called ${name}: ${all.map(({ name }) => name).join(', ')}`);
    return found;
  });
}

function count(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option} is a number from 1 on, not ${text}`);
  return number;
}
