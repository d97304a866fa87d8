/** Two configurations and a few messages for tests, replayed in this thread. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ArrivalFacts } from '../../../core/corpus/arrival.ts';
import { foundIn } from '../../../core/corpus/corpus.ts';
import type { Plugin } from '../../../core/plugin/plugin.ts';
import { Bench } from '../../../core/replay/bench.ts';
import type { ReplayReport } from '../../../core/replay/report.ts';
import { stillClock } from '../../../core/replay/still-clock.ts';
import { Tally } from '../../../core/replay/tally.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

export const NOW = new Date('2026-11-26T12:00:00Z');

/** A message whose subject is its name. */
export function message(name: string, body = 'Hello.'): string {
  return `From: Eve <eve@client.test>\nTo: ann@example.test\nSubject: ${name}\n\n${body}\n`;
}

/** With this plugin list. */
export function configuration(plugins: string, routes = '[{ deliver: mailboxes }]'): string {
  return `\
hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
queue: { directory: ./queue }
plugins:
${plugins.trim().replaceAll(/^/gm, '  ')}
routes: ${routes}
`;
}

export const RELAY_POLICY = '- { use: relay-policy, options: { localDomains: [example.test] } }\n';
export const MAILBOXES = '- { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }\n';
export const USUAL = configuration(RELAY_POLICY + MAILBOXES);

export interface Trial {
  readonly old?: string;
  readonly new: string;
  /** By name below `corpus`. */
  readonly messages: Readonly<Record<string, string>>;
  /** Other files of the configurations. */
  readonly files?: Readonly<Record<string, string>>;
  readonly given?: ArrivalFacts;
  readonly plugins?: readonly Plugin[];
  readonly zones?: Parameters<typeof fakeResolver>[0];
}

/** Writes all of it. @returns the folder */
export async function trialFolder({ old, new: now, messages, files = {} }: Trial): Promise<string> {
  const folder = await tempFolder();
  const corpus = Object.fromEntries(Object.entries(messages).map(([name, text]) => [`corpus/${name}`, text]));
  const all = { ...files, ...corpus, ...(old === undefined ? {} : { 'old.yaml': old }), 'new.yaml': now };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { encoding: 'latin1', mode: 0o600 });
  }
  return folder;
}

export async function replayed(trial: Trial): Promise<ReturnType<Tally['counts']>> {
  const folder = await trialFolder(trial);
  const bench = await Bench.open({
    configuration: join(folder, 'new.yaml'),
    against: trial.old === undefined ? null : join(folder, 'old.yaml'),
    env: {},
    given: trial.given ?? {},
    clock: stillClock(NOW, systemClock),
    resolver: fakeResolver(trial.zones ?? {}),
    atATime: 'one by one',
    ...(trial.plugins === undefined ? {} : { plugins: trial.plugins }),
  });
  onTestFinished(() => bench.close());
  const tally = new Tally({ old: new Map(), new: new Map() });
  const all = await Array.fromAsync(foundIn([join(folder, 'corpus')], recordingLog()));
  // At the same time, as far as the bench has it so.
  await Promise.all(
    all.map(async (found, number) => {
      if (found.kind !== 'sample') throw new Error(`${found.name} is ${found.kind}`);
      const name = found.sample.name.slice(folder.length + '/corpus/'.length);
      tally.hear(number, name, await bench.replay(found.sample));
    }),
  );
  return tally.counts();
}

/** What differs, without names: `12 answer: accepted -> refused … by relay-policy`. */
export function inShort({ groups }: Pick<ReplayReport, 'groups'>): readonly string[] {
  return groups.map(({ subject, topic, from, to, by, count }) => {
    const rule = by?.rules[0] === undefined ? '' : ` (${by.rules[0].rule})`;
    const who = by === null ? '' : ` ${by.side === 'old' ? 'until now by' : 'by'} ${by.who}${rule}`;
    return `${count} ${topic ?? subject}: ${from} -> ${to}${who}`;
  });
}
