/** One mail through a real gateway: each line of the log about it bears its id, and the tools tell its whole life. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { definePlugin, hold, note, type Plugin } from '../../core/index.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { smtpSink } from '../../core/testing/smtp-sink.ts';
import { until } from '../support/until.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

const COMMAND = fileURLToPath(new URL('../../core/cli/mailframe.js', import.meta.url));
/** Two hosts: nobody listens at the first one. */
const ZONES = {
  'far.test': {
    MX: [
      [10, 'dead.far.test'],
      [20, 'mail.far.test'],
    ],
  },
  'dead.far.test': { A: ['127.0.0.2'] },
  'mail.far.test': { A: ['127.0.0.1'] },
} as const;

/** Talks at every hook of a mail, and breaks where it observes. */
const talkative: Plugin = definePlugin({
  name: 'talkative',
  create: () => ({
    data: (_, { log }) => (log.info('looked at'), note({ seen: 'yes' })),
    route(_, { log }) {
      log.info('asked for the way');
    },
    observe: {
      accepted: () => Promise.reject(new Error('no disk')),
      delivered: () => {
        throw new Error('no disk');
      },
      deferred: () => Promise.reject(new Error('no disk')),
      bounced: () => Promise.reject(new Error('no disk')),
    },
  }),
});

const holding: Plugin = definePlugin({ name: 'holding', create: () => ({ queue: () => hold('looks odd') }) });

async function queue(gateway: RunningGateway, ...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [COMMAND, 'queue', ...args, '-c', gateway.file], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>(resolve => void child.on('close', resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** Sends, and gives the queue id in the 250 reply. */
async function sent(gateway: RunningGateway, to: readonly string[]): Promise<string> {
  const client = await smtpClient(gateway.port);
  await client.say('EHLO client.test');
  await client.sayAll(['MAIL FROM:<ann@example.test>', ...to.map(one => `RCPT TO:<${one}>`)]);
  const { text: said } = await client.data('Subject: hello\n\nbody\n');
  await client.close();
  const id = /queued as (\w{18})$/.exec(said)?.[1];
  if (id === undefined) throw new Error(`${said} names no queue id`);
  return id;
}

async function farAway() {
  const sink = await smtpSink({
    faults: { rcpt: { 'gone@far.test': '550 5.1.1 No such mailbox', 'later@far.test': '451 4.2.1 Over quota' } },
  });
  onTestFinished(() => sink.close());
  return sink;
}

test('each line of the log about a mail bears its queue id, and the trace tells its whole life', async () => {
  const sink = await farAway();
  const gateway = await runningGateway({
    nextHopPort: sink.port,
    zones: ZONES,
    brought: [talkative],
    plugins: [{ use: 'talkative' }],
  });
  const id = await sent(gateway, ['bob@far.test', 'gone@far.test', 'later@far.test', 'eve@example.test']);
  await gateway.outcomes('delivered', 2);
  await gateway.outcomes('deferred', 1);
  await gateway.outcomes('bounced', 1);
  // The notification about gone@far.test.
  await gateway.mails('ann', 1);
  sink.fail({});
  await until(async () => expect((await gateway.engine.queue.list({ after: null, limit: 9 })).entries).toEqual([]));

  const { lines } = gateway.log;
  const from = lines.findIndex(({ event }) => event === 'accepted');
  // The end of the client's session is not about the mail, nor is what mx-routing says once of its resolver.
  const about = lines.slice(from).filter(({ event, fields }) => event !== 'noted' && fields.what !== 'DANE');
  const nameless = about.filter(({ fields }) => fields.queueId === undefined);
  expect(nameless).toEqual([]);
  const ids = new Set(about.map(({ fields }) => fields.queueId));
  const [notification] = gateway.log.of('notified').map(({ fields }) => fields.notification);
  expect(ids).toEqual(new Set([id, notification]));
  const events = new Set(about.filter(({ fields }) => fields.queueId === id).map(({ event }) => event));
  for (const event of ['accepted', 'asked for the way', 'skipped', 'failed', 'delivered', 'deferred', 'bounced']) {
    expect(events).toContain(event);
  }
  expect(gateway.log.of('looked at')[0]?.fields.queueId).toBe(id);

  const trace = await queue(gateway, 'trace', id);
  for (const said of [
    /^127\.0\.0\.1:\d+, .* EHLO client\.test, no TLS, through inbound$/m,
    / talkative +note\n +seen = /m,
    /^Queued as \w{18}: .* from <ann@example\.test>$/m,
    / deliver +internet +report +/m,
    / settle +attempt 1 +delivered +bob@far\.test: 250 .* \(mail\.far\.test\[127\.0\.0\.1\]:\d+\)$/m,
    / settle +attempt 1 +bounced +gone@far\.test: 550 5\.1\.1 No such mailbox \(mail\.far\.test\[127\.0\.0\.1\]:\d+\)$/m,
    / settle +attempt 1 +deferred +later@far\.test: .*451 4\.2\.1 Over quota \(.*\); next attempt 2/m,
    / settle +mailframe +notified +ann@example\.test, by mail \w{18}$/m,
    / settle +attempt \d+ +delivered +later@far\.test: /m,
    / settle +attempt 1 +delivered +eve@example\.test: /m,
  ]) {
    expect(trace).toMatch(said);
  }
  expect(trace).toMatch(new RegExp(`^${id}: 3 delivered, 1 bounced, left the queue `));
  expect(await queue(gateway, 'trace', String(notification))).toContain('none: mailframe wrote it');
}, 120_000);

test('what the command line does to a gateway that runs takes effect', async () => {
  const sink = await farAway();
  const gateway = await runningGateway({
    nextHopPort: sink.port,
    zones: ZONES,
    brought: [holding],
    plugins: [{ use: 'holding', when: { sender: 'ann@example.test' } }],
  });
  const [kept, returned] = [await sent(gateway, ['bob@far.test']), await sent(gateway, ['eve@far.test'])];
  expect(await queue(gateway, 'list', '--state', 'held')).toContain('holding: looks odd');
  expect(await queue(gateway, 'release', kept)).toContain('1 recipient released');
  expect(await queue(gateway, 'bounce', returned, '--why', 'not wanted here')).toContain(
    'to be returned to the sender',
  );
  expect(await gateway.outcomes('delivered', 1)).toEqual(['bob@far.test']);
  const [notification] = await gateway.mails('ann', 1);
  expect(String(notification?.content)).toContain('not wanted here');
  const life = JSON.parse(await queue(gateway, 'trace', returned, '--json')) as {
    readonly trace: readonly { readonly hook: string; readonly answer: string }[];
  };
  expect(life.trace.map(({ hook, answer }) => `${hook} ${answer}`).slice(-3)).toEqual([
    'order bounce',
    'settle bounced',
    'settle notified',
  ]);
}, 120_000);
