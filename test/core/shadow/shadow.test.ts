/** Plugins in shadow mode: what they would have done is counted, with the mails, over reloads and restarts. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inWords } from '../../../core/cli/shadow.ts';
import { createEngine } from '../../../core/engine.ts';
import { definePlugin, hold, reject, type TallyRecord, z } from '../../../core/index.ts';
import { LOG } from '../../../core/plugin/ports.ts';
import { Tally } from '../../../core/shadow/tally.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { until } from '../../support/until.ts';
import { claim, runningEngine, sink, type Written } from '../running-engine.ts';

/** Refuses local parts with vowels, and holds what is urgent. */
const strict = definePlugin({
  name: 'strict',
  options: z.strictObject({ vowels: z.string().default('aeiou') }),
  create: ({ options: { vowels } }) => ({
    rcpt({ recipient: { forwardPath } }) {
      if (new RegExp(`[${vowels}]`).test(forwardPath.localPart)) return reject(550, '5.1.1', 'Too easy to say');
    },
    async data({ mail }) {
      if ((await mail.content.bytes()).includes('urgent')) return hold('everybody says so');
    },
  }),
});

const shadowed = (options = ''): Written => ({
  plugins: [`{ use: strict, mode: shadow${options} }`, '{ use: claim }', '{ use: sink }'],
});

async function gateway(first = shadowed()) {
  const running = await runningEngine(first, { plugins: [strict] });
  const send = async (to: readonly string[], content = 'Subject: x\n\nbody\n') => {
    const client = await running.client();
    await client.say('MAIL FROM:<ann@client.test>');
    for (const one of to) await client.say(`RCPT TO:<${one}>`);
    const said = await client.data(content);
    await client.close();
    return /queued as (\S+)/.exec(said.lines.join())?.[1] ?? said.lines.join();
  };
  const strictly = (): TallyRecord => {
    const found = running.engine.shadows().strict;
    if (found === undefined) throw new Error('nothing is counted');
    return found;
  };
  return { ...running, send, strictly };
}

describe('a plugin in shadow mode', () => {
  test('would have refused some of all that it was asked about: with the mails that were taken', async () => {
    const { send, strictly } = await gateway();
    const first = await send(['bcd@example.test', 'bob@example.test']);
    const second = await send(['ann@example.test'], 'Subject: urgent\n\nbody\n');
    await send(['xyz@example.test']);
    await until(() => expect(strictly().hooks.rcpt?.answers.reject?.accepted).toBe(2));
    expect(strictly().hooks).toMatchObject({
      rcpt: {
        asked: 4,
        answers: {
          silent: { count: 2 },
          reject: {
            count: 2,
            details: { '550 5.1.1 Too easy to say': 2 },
            examples: [
              { asked: '<ann@example.test>', queueId: second },
              { asked: '<bob@example.test>', queueId: first },
            ],
          },
        },
      },
      data: { asked: 3, answers: { hold: { count: 1, accepted: 1, examples: [{ queueId: second }] } } },
    });
  });

  test('has no mail to show where there was none: a session instead', async () => {
    const { client, strictly } = await gateway();
    const one = await client();
    await one.say('MAIL FROM:<ann@client.test>');
    await one.say('RCPT TO:<bob@example.test>');
    await one.say('RSET');
    expect(strictly().hooks.rcpt?.answers.reject).toMatchObject({
      count: 1,
      accepted: 0,
      examples: [{ queueId: null, session: expect.stringMatching(/^\w+$/) }],
    });
  });

  test('goes on being counted over a reload, as long as it is the same', async () => {
    const { send, strictly, reload } = await gateway();
    await send(['bob@example.test']);
    const { since } = strictly();
    await reload({ ...shadowed(), hostname: 'other.example.test' });
    await send(['bob@example.test']);
    expect(strictly()).toMatchObject({ since, hooks: { rcpt: { asked: 2 } } });
    await reload(shadowed(', options: { vowels: y }'));
    expect(strictly().hooks).toEqual({});
    await send(['bob@example.test']);
    expect(strictly().hooks.rcpt).toMatchObject({ asked: 1, answers: { silent: { count: 1 } } });
  });

  test('is counted no more once it enforces', async () => {
    const { send, engine, reload } = await gateway();
    await send(['bob@example.test']);
    await reload({ plugins: ['{ use: strict }', '{ use: claim }', '{ use: sink }'] });
    expect(engine.shadows()).toEqual({});
    expect(await send(['bob@example.test'])).toContain('No valid recipients');
  });

  test('is counted over restarts, in a file for its user alone', async () => {
    const { send, engine, folder, file } = await gateway();
    await send(['bob@example.test']);
    await engine.close();
    expect((await stat(join(folder, 'queue/shadow.json'))).mode & 0o777).toBe(0o600);
    const again = await createEngine({
      file,
      plugins: [strict, claim, sink([])],
      provide: scope => void scope.value(LOG, recordingLog()),
    });
    try {
      await again.start();
      expect(again.shadows().strict?.hooks.rcpt).toMatchObject({
        asked: 1,
        answers: { reject: { count: 1, accepted: 1 } },
      });
    } finally {
      await again.close();
    }
    const saved = JSON.parse(await readFile(join(folder, 'queue/shadow.json'), 'utf8')) as Record<string, unknown>;
    expect(saved.strict).toMatchObject({ hooks: { rcpt: { asked: 1 } } });
  });

  test('whose file is damaged costs the counts, and no more', async () => {
    const { engine, folder, file } = await gateway();
    await engine.close();
    await writeFile(join(folder, 'queue/shadow.json'), '{ "strict": 7');
    const log = recordingLog();
    const again = await createEngine({
      file,
      plugins: [strict, claim, sink([])],
      provide: scope => void scope.value(LOG, log),
    });
    try {
      await again.start();
      expect(again.shadows().strict?.hooks).toEqual({});
      expect(log.of('failed').map(({ fields }) => fields.reading)).toEqual([join(folder, 'queue/shadow.json')]);
    } finally {
      await again.close();
    }
  });
});

const step = (asked: string, detail: string) =>
  ({
    at: 1,
    hook: 'rcpt',
    plugin: 'p',
    mode: 'shadow',
    asked,
    answer: 'reject',
    detail,
    took: 0,
    changes: [],
    facts: {},
  }) as const;

test('strangers cannot fill the memory with what they are told', () => {
  const tally = new Tally('', new Date(0));
  for (let count = 0; count < 5000; count += 1)
    tally.count(step(`${count}`.repeat(1000), `550 ${count} ${'x'.repeat(5000)}`), {});
  expect(JSON.stringify(tally.record).length).toBeLessThan(50_000);
  expect(tally.record.hooks.rcpt?.answers.reject?.count).toBe(5000);
});

test('in words: what would have been, of how many, and where to look', () => {
  const tally = new Tally('', new Date('2026-11-23T12:00:00Z'));
  for (let count = 0; count < 2986; count += 1) tally.count({ ...step('x@y', ''), answer: 'silent', detail: null }, {});
  for (let count = 0; count < 14; count += 1)
    tally.count({ ...step(`bob${count}@y`, '550 5.1.1 No\u001b[31m'), at: count }, { session: 's1' });
  tally.accept({ ...step('bob13@y', ''), at: 13 }, 'Q1');
  expect(inWords({ plugins: { strict: tally.record }, from: 'gateway' }, 2).split('\n')).toEqual([
    'strict, since 2026-11-23 12:00:00',
    '  rcpt  would have refused 14 of 3,000, 1 of them in mail that was accepted',
    '         14  550 5.1.1 No\\u001b[31m',
    '    1970-01-01 00:00:00  bob13@y  queue id Q1',
    '    1970-01-01 00:00:00  bob12@y  session s1',
  ]);
  expect(inWords({ plugins: {}, from: 'file' }, 2)).toContain('no plugin is in shadow mode');
});
