/** `mailframe replay`: what it prints, and how it ends. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { reportInWords } from '../../../core/cli/replay/words.ts';
import { exitCodeOf } from '../../../core/cli/replay.ts';
import type { ReplayReport } from '../../../core/replay/report.ts';
import { message, trialFolder, USUAL } from '../replay/trial.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

function run(folder: string, ...args: readonly string[]) {
  return new Promise<{ code: number; out: string; err: string }>(resolve => {
    execFile(process.execPath, [COMMAND, 'replay', ...args], { cwd: folder }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

const COUNTS = { accepted: 0, deferred: 0, refused: 0 };
const REPORT: ReplayReport = {
  corpora: ['inbox.mbox'],
  configuration: 'new.yaml',
  against: { kind: 'configuration', file: 'old.yaml' },
  replayed: 4000,
  compared: 4000,
  changed: 312,
  verdicts: { ...COUNTS, accepted: 3688, refused: 312 },
  verdictsBefore: { ...COUNTS, accepted: 4000 },
  envelopes: { taken: 0, sidecar: 12, options: 0, 'delivery-fields': 3900, header: 88, nowhere: 3 },
  withoutContent: 0,
  groups: [
    {
      subject: 'answer',
      topic: null,
      from: 'accepted',
      to: 'refused 550 5.7.1 Relay access denied\u001b[31m',
      by: {
        who: 'relay-policy',
        side: 'new',
        at: { file: 'new.yaml', line: 14, column: 5 },
        rules: [
          { rule: 'the domain is not ours', count: 300 },
          { rule: 'the sender is ours', count: 12 },
        ],
      },
      count: 312,
      members: Array.from({ length: 312 }, (_, index) => `inbox.mbox:${index + 1}`),
    },
  ],
  outcomes: [],
  faults: [],
  others: 1,
  unready: [],
  ended: 'complete',
  underWay: [],
  took: 2000,
  threads: 2,
};

test('people read how many, from what to what, by whom, where and why', () => {
  expect(reportInWords(REPORT, false)).toBe(`\
replayed 4,000 messages of inbox.mbox in 2.0 s (2,000/s on 2 threads)
old: old.yaml
new: new.yaml
envelopes: 12 in a sidecar; 3,900 as delivery wrote it down; 88 guessed from From, To and Cc; 3 nowhere: left out, --to would name recipients
1 left out: no mail, or a notification of the gateway itself

         accepted   deferred    refused
  old       4,000          0          0
  new       3,688          0        312

312 of 4,000 changed, in one way

   312  the client hears: accepted -> refused 550 5.7.1 Relay access denied\\u001b[31m
        by relay-policy (new.yaml:14)
          300: the domain is not ours
          12: the sender is ours
        inbox.mbox:1, inbox.mbox:2, inbox.mbox:3 and 309 more
`);
  expect(reportInWords(REPORT, true)).toContain('\n        inbox.mbox:312\n');
});

test('a program hears by the exit code whether anything changed, and whether all was looked at', () => {
  expect(exitCodeOf({ ...REPORT, changed: 0 })).toBe(0);
  expect(exitCodeOf(REPORT)).toBe(2);
  expect(exitCodeOf({ ...REPORT, faults: [{ name: 'one.eml', cause: 'unreadable' }] })).toBe(1);
  expect(exitCodeOf({ ...REPORT, ended: 'interrupted' })).toBe(130);
});

test('the command compares two configurations, and prints one object', async () => {
  const folder = await trialFolder({
    old: USUAL,
    new: USUAL.replace('localDomains: [example.test]', 'localDomains: [other.test]'),
    messages: { 'one.eml': message('one'), 'two.eml': message('two') },
    files: { zones: '$ORIGIN test.\nexample 300 IN MX 10 mail.example\n' },
  });
  const options = ['-c', 'new.yaml', '--against', 'old.yaml', '--dns', 'zones', '--json'];
  const { code, out, err } = await run(folder, 'corpus', ...options);
  expect([code, err]).toEqual([2, '']);
  const report = JSON.parse(out) as ReplayReport;
  expect(report).toMatchObject({ replayed: 2, changed: 2, groups: [{ subject: 'answer', count: 2 }] });
  expect(report.groups[0]?.members).toEqual([join('corpus', 'one.eml'), join('corpus', 'two.eml')]);
});

test('what keeps it from replaying is told in one line', async () => {
  const folder = await trialFolder({ new: USUAL, messages: {} });
  const { code, out, err } = await run(folder, '-c', 'new.yaml');
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/^no messages are named: .*\n\(MF_REPLAY_CORPUS: see docs\/errors\.md#mf_replay_corpus\)\n$/);
});
