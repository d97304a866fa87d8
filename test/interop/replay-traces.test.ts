/** What a gateway did, replayed: with the configuration that it ran on nothing changes, with another one what that would change. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { foundIn } from '../../core/corpus/corpus.ts';
import { Bench } from '../../core/replay/bench.ts';
import { Tally } from '../../core/replay/tally.ts';
import { systemClock } from '../../core/system/clock.ts';
import { fakeResolver } from '../../core/testing/fake-resolver.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { inShort } from '../core/replay/trial.ts';
import { until } from '../support/until.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

const ALIASES = { use: 'alias-expansion', options: { file: './aliases', domains: ['example.test'] } };
/** The content of what is queued is as the plugins have made it: tagged. */
const HOLDING = {
  use: 'policy',
  when: { header: { Subject: { contains: 'odd' } } },
  options: { do: 'hold', reason: 'looks odd' },
};
const TAG = { use: 'mime-rewrite', options: { rules: [{ do: { subjectTag: '[ext] ' } }] } };

/** Three mails have left, one is held. */
async function worked(): Promise<RunningGateway> {
  const gateway = await runningGateway({
    files: { aliases: 'staff: ann, bob\n' },
    plugins: [ALIASES, HOLDING, TAG],
  });
  const client = await smtpClient(gateway.port);
  await client.say('EHLO client.test');
  for (const [to, subject] of [
    ['staff', 'plain'],
    ['lee', 'plain'],
    ['lee', 'odd'],
    ['eve', 'plain'],
  ]) {
    await client.sayAll(['MAIL FROM:<ann@client.test>', `RCPT TO:<${to}@example.test>`]);
    expect(await client.data(`Subject: ${subject}\r\n\r\nHello.\r\n`)).toMatchObject({ code: 250 });
  }
  await client.say('QUIT');
  await gateway.outcomes('delivered', 4);
  await until(async () => expect((await gateway.engine.queue.list({ after: null, limit: 9 })).entries).toHaveLength(1));
  return gateway;
}

async function replayed({ folder, file }: RunningGateway, change: (configuration: string) => string) {
  const changed = join(folder, 'new.yaml');
  await writeFile(changed, change(await readFile(file, 'utf8')));
  const bench = await Bench.open({
    configuration: changed,
    against: null,
    env: {},
    given: {},
    clock: systemClock,
    resolver: fakeResolver({}),
    atATime: 'one by one',
  });
  const tally = new Tally({ old: new Map(), new: new Map() });
  let number = 0;
  for await (const found of foundIn([join(folder, 'queue')], recordingLog())) {
    if (found.kind !== 'sample') throw new Error(`${found.name} is ${found.kind}`);
    tally.hear(number++, found.sample.name, await bench.replay(found.sample));
  }
  await bench.close();
  return tally.counts();
}

test('the queue and the history of a gateway that runs are replayed with other configurations', async () => {
  const gateway = await worked();
  const same = await replayed(gateway, configuration => configuration);
  expect(same).toMatchObject({ replayed: 4, compared: 4, changed: 0, faults: [], envelopes: { taken: 4 } });
  // Contents are not kept, but of what is still there.
  expect(same.withoutContent).toBe(3);

  await writeFile(join(gateway.folder, 'aliases'), 'staff: ann, lee\n');
  expect(inShort(await replayed(gateway, configuration => configuration))).toEqual([
    '1 recipients: ann@example.test, bob@example.test -> ann@example.test, lee@example.test by alias-expansion (staff (aliases:1))',
  ]);
  await writeFile(join(gateway.folder, 'aliases'), 'staff: ann, bob\n');

  const closed = await replayed(gateway, text =>
    text.replaceAll('"example.test"', '"other.test"').replace('127.0.0.0/8', '192.0.2.0/24'),
  );
  expect(inShort(closed)).toEqual([
    '4 answer: accepted -> refused 550 5.7.1 Relay access denied by mailframe (no plugin claims this recipient)',
  ]);

  // What is decided by the content is not known of mail whose content is gone.
  const strict = await replayed(gateway, text => text.replace('"do": "hold"', '"do": "reject", "text": "No"'));
  expect(inShort(strict)).toEqual(['1 answer: accepted -> refused 550 5.7.1 No by policy (looks odd)']);
  const all = await replayed(gateway, text =>
    text.replace('"contains": "odd"', '"contains": " "').replace('"do": "hold"', '"do": "reject", "text": "No"'),
  );
  expect(inShort(all)).toEqual(inShort(strict));
});
