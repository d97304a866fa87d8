/** Whole replays: what is told of corpora, threads and ends. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MailframeError } from '../../../core/mail/error.ts';
import { Bench } from '../../../core/replay/bench.ts';
import type { Order } from '../../../core/replay/protocol.ts';
import { replay } from '../../../core/replay/replay.ts';
import { type StartReplaying, startReplayThread } from '../../../core/replay/replay-thread.ts';
import type { ReplayReport } from '../../../core/replay/report.ts';
import { stillClock } from '../../../core/replay/still-clock.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { fakeResolver } from '../../../core/testing/fake-resolver.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { configuration, MAILBOXES, message, NOW, RELAY_POLICY, trialFolder, USUAL } from './trial.ts';

/** Like a thread, in this one: the text `end it` in a message is its end. Answers come in no certain order. */
const inThisThread: StartReplaying = async (settings, events) => {
  const clock = stillClock(new Date(settings.at), systemClock);
  const bench = await Bench.open({ ...settings, env: {}, clock, resolver: fakeResolver({}), atATime: 'many' });
  const underWay = new Map<number, Order>();
  let dead = false;
  const work = async (order: Order) => {
    const result = await bench.replay(order.sample);
    if (dead) return;
    if (result.kind === 'replayed' && result.standings.some(({ by }) => by?.rule === 'end it')) {
      dead = true;
      return events.gone('it is dead', [...underWay.values()]);
    }
    underWay.delete(order.number);
    events.result(order, result);
  };
  return {
    unready: [],
    get load() {
      return underWay.size;
    },
    give(order) {
      underWay.set(order.number, order);
      void work(order);
    },
    close: () => bench.close(),
  };
};

const HOLD = configuration(
  `${RELAY_POLICY}- { use: policy, when: { header: { Subject: { contains: "7" } } }, options: { do: hold, reason: seven } }\n${MAILBOXES}`,
);
const DEADLY = configuration(
  `${RELAY_POLICY}- { use: policy, when: { header: { X-Now: present } }, options: { do: hold, reason: end it } }\n${MAILBOXES}`,
);

interface Wishes {
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (done: number, changed: number) => void;
  readonly old?: string;
  readonly new?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly start?: StartReplaying;
}

/** Messages `0001.eml` and so on; those in `deadly` have a field of that name. */
async function run(count: number, wishes: Wishes = {}, deadly: readonly number[] = []): Promise<ReplayReport> {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const messages = numbers.map(number => {
    const name = String(number).padStart(4, '0');
    return [`${name}.eml`, `${deadly.includes(number) ? 'X-Now: yes\n' : ''}${message(name)}`] as const;
  });
  const { new: now = USUAL, old = USUAL, files = {}, start = inThisThread } = wishes;
  const folder = await trialFolder({ new: now, old, messages: Object.fromEntries(messages), files });
  const report = await replay({
    corpora: [join(folder, 'corpus')],
    jobs: wishes.jobs ?? 2,
    clock: systemClock,
    log: recordingLog(),
    signal: wishes.signal ?? new AbortController().signal,
    start,
    progress: wishes.progress ?? (() => undefined),
    settings: {
      configuration: join(folder, 'new.yaml'),
      against: join(folder, 'old.yaml'),
      given: {},
      at: NOW.getTime(),
      dns: join(folder, 'zones'),
    },
  });
  return JSON.parse(JSON.stringify(report).replaceAll(`${folder}/`, '')) as ReplayReport;
}

test('however many threads there are, the report is the same', async () => {
  const seen: number[] = [];
  const { took: _one, threads, ...report } = await run(60, { new: HOLD, jobs: 1, progress: done => seen.push(done) });
  const { took: _more, threads: more, ...same } = await run(60, { new: HOLD, jobs: 3 });
  expect([threads, more]).toEqual([1, 3]);
  expect(report).toEqual(same);
  expect(report).toMatchObject({ replayed: 60, changed: 6, faults: [], ended: 'complete' });
  expect(report.groups).toMatchObject([
    {
      subject: 'fate',
      by: { who: 'policy', at: { file: 'new.yaml', line: 6, column: 5 }, rules: [{ rule: 'seven', count: 6 }] },
      members: ['07', '17', '27', '37', '47', '57'].map(name => `corpus/00${name}.eml`),
    },
  ]);
  expect(seen).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
});

test('a message that kills its thread is told by name, and no other one is lost', async () => {
  const report = await run(60, { new: DEADLY, old: DEADLY, jobs: 2 }, [5, 6, 33]);
  expect(report.faults).toEqual(
    ['0005', '0006', '0033'].map(name => ({ name: `corpus/${name}.eml`, cause: 'it is dead' })),
  );
  expect(report).toMatchObject({ replayed: 57, changed: 0, ended: 'complete' });
});

// Threads take their time to start where a machine has other things to do.
test('threads of the machine do the same', async () => {
  const plugin = `
import { definePlugin } from ${JSON.stringify(new URL('../../../core/index.ts', import.meta.url).href)};
export default definePlugin({
  name: 'deadly',
  create: () => ({
    async data({ mail }) {
      if ((await mail.content.bytes()).includes('X-Now')) process.exit(7);
    },
  }),
});
`;
  const deadly = configuration(`${RELAY_POLICY}- { use: ./deadly.ts }\n${MAILBOXES}`);
  const files = { 'deadly.ts': plugin, zones: '$ORIGIN test.\nexample 300 IN MX 10 mail.example\n' };
  const report = await run(12, { new: deadly, old: deadly, jobs: 1, files, start: startReplayThread }, [12]);
  expect(report.faults).toEqual([{ name: 'corpus/0012.eml', cause: 'its thread has ended' }]);
  expect(report).toMatchObject({ replayed: 11, changed: 0, verdicts: { accepted: 11 } });
}, 60_000);

test('a replay that is broken off tells what it has', async () => {
  const breaking = new AbortController();
  const progress = (done: number) => {
    if (done === 20) breaking.abort();
  };
  const report = await run(60, { signal: breaking.signal, progress });
  expect(report.ended).toBe('interrupted');
  expect(report.replayed).toBeGreaterThanOrEqual(20);
  expect(report.replayed).toBeLessThan(60);
});

test.each(['old', 'new'] as const)('a mistake in the %s configuration ends it before it begins', async side => {
  const refused = run(3, { [side]: USUAL.replace('relay-policy', 'relay-polcy') });
  await expect(refused).rejects.toThrow(`${side}.yaml:5:12: plugins[0].use: `);
  await expect(refused).rejects.toBeInstanceOf(MailframeError);
});

test('a corpus with what cannot be read is replayed as far as it can', async () => {
  const messages = { 'a.eml': message('a'), 'b.eml': message('b'), 'c.eml': message('c') };
  const folder = await trialFolder({ new: USUAL, messages });
  await writeFile(join(folder, 'corpus/b.envelope.yaml'), 'to: [ann]\n');
  await writeFile(join(folder, 'corpus/c.envelope.yaml'), 'listener: nowhere\n');
  const report = await replay({
    corpora: [join(folder, 'corpus'), join(folder, 'missing')],
    jobs: 1,
    clock: systemClock,
    log: recordingLog(),
    signal: new AbortController().signal,
    start: inThisThread,
    progress: () => undefined,
    settings: { configuration: join(folder, 'new.yaml'), against: null, given: {}, at: NOW.getTime(), dns: null },
  });
  expect(report).toMatchObject({ replayed: 1, against: { kind: 'nothing' } });
  expect(report.faults.map(({ cause }) => cause)).toEqual([
    expect.stringContaining('b.envelope.yaml:1:6: to[0]: a mailbox is expected'),
    expect.stringContaining('there is no listener named nowhere'),
    expect.stringContaining('ENOENT'),
  ]);
});
