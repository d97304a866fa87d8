/** Four hundred real mails, replayed: a change is told of just those whom it concerns, whatever chance and time do to the others. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { foundIn } from '../../core/corpus/corpus.ts';
import { Bench } from '../../core/replay/bench.ts';
import { stillClock } from '../../core/replay/still-clock.ts';
import { Tally } from '../../core/replay/tally.ts';
import { systemClock } from '../../core/system/clock.ts';
import { fakeResolver } from '../../core/testing/fake-resolver.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { configuration, inShort, MAILBOXES, RELAY_POLICY, trialFolder } from '../core/replay/trial.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';

const AT = new Date('2026-11-23T12:00:00Z');

async function replayed(old: string, now: string) {
  const folder = await trialFolder({ old, new: now, messages: {} });
  const bench = await Bench.open({
    configuration: join(folder, 'new.yaml'),
    against: join(folder, 'old.yaml'),
    env: {},
    given: { from: 'sender@client.test', to: ['all@example.test', 'all@other.test'] },
    clock: stillClock(AT, systemClock),
    // Nothing leaves the machine.
    resolver: fakeResolver({}),
    atATime: 'one by one',
  });
  onTestFinished(() => bench.close());
  const tally = new Tally({ old: new Map(), new: new Map() });
  let number = 0;
  for await (const found of foundIn([corpus('corpora', 'spamassassin')], recordingLog())) {
    if (found.kind === 'sample') tally.hear(number++, found.sample.name, await bench.replay(found.sample));
  }
  return tally.counts();
}

/** How many of them have it in their header. */
function withHeader(pattern: RegExp): number {
  const folder = corpus('corpora', 'spamassassin');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name =>
    /\d\.[0-9a-f]+\.txt$/.test(name),
  );
  const texts = names.map(name => readFileSync(join(folder, name), 'latin1'));
  return texts.filter(text => pattern.test(text.slice(0, text.search(/\n\n/)))).length;
}

const RULES = (first: string) =>
  configuration(`${RELAY_POLICY}- use: mime-rewrite
  options:
    rules:
      - ${first}
      - { do: { footer: { text: From outside., html: <p>From outside.</p> } } }
${MAILBOXES}`);
const TAGGED = RULES('{ name: tag, do: { subjectTag: "[ext] " } }');

describeWithCorpus('the 400 mails of corpora/spamassassin', () => {
  test('show a change for just those whom it concerns, and none for the others', async () => {
    const lists = withHeader(/^List-Id:/im);
    expect(lists).toBeGreaterThan(10);
    const report = await replayed(
      TAGGED,
      RULES('{ name: tag, match: { header: { List-Id: absent } }, do: { subjectTag: "[ext] " } }'),
    );
    expect(report).toMatchObject({ replayed: 400, compared: 400, changed: lists, faults: [] });
    expect(inShort(report)[0]).toBe(
      `${lists} content: tagged the subject with [ext] -> nothing until now by mime-rewrite`,
    );
  });
});
