/** `mailframe conformance`: what it prints, its exit codes, and that it touches nothing. */
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { smtpSink } from 'mailframe/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CaseResult } from '../../../core/conformance/conformance-case.ts';
import { reportOn } from '../../../core/conformance/report.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));
const CONFIG = {
  hostname: 'mx.example.test',
  listeners: [
    { id: 'inbound', port: 25 },
    { id: 'store', protocol: 'lmtp', port: 24 },
  ],
  queue: { directory: './queue' },
  plugins: [
    { use: 'relay-policy', options: { localDomains: ['example.test'] } },
    { use: 'mbox-delivery', as: 'mailboxes', options: { directory: './mail' } },
  ],
  routes: [{ deliver: 'mailboxes' }],
};

interface Printed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function conformance(...args: readonly string[]): Promise<Printed> {
  return new Promise(resolve => {
    const child = execFile(process.execPath, [COMMAND, 'conformance', ...args], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

async function configured() {
  const folder = await tempFolder();
  const file = join(folder, 'mailframe.config.yaml');
  await writeFile(file, JSON.stringify(CONFIG));
  return { folder, file };
}

describe('mailframe conformance', () => {
  test('reports each case in a line, exits with 0 where all pass, and leaves the folder as it was', async () => {
    const { folder, file } = await configured();
    const { code, stdout, stderr } = await conformance('-c', file, '--only', 'transparency', '--only', 'durability');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('listener inbound; mail to conformance@example.test\n\ndialogue\n  ok  transparency');
    expect(stdout).toMatch(/\n4 passed, 0 failed, 0 not applicable\n/);
    expect(await readdir(folder)).toEqual(['mailframe.config.yaml']);
  });

  test('says the same as JSON, about a server that runs, and exits with 1 where it departs', async () => {
    const sink = await smtpSink({ faults: { noop: '451 4.3.0 No' } });
    onTestFinished(() => sink.close());
    const server = ['--server', `127.0.0.1:${sink.port}`, '--only', 'noop', '--only', 'queue-id', '--json'];
    const { code, stdout } = await conformance(...server);
    expect(code).toBe(1);
    const { ok, reports } = JSON.parse(stdout) as {
      ok: boolean;
      reports: readonly { counts: unknown; cases: readonly CaseResult[] }[];
    };
    expect(ok).toBe(false);
    expect(reports[0]).toMatchObject({ counts: { passed: 0, failed: 1, 'not-applicable': 1 } });
    expect(reports[0]?.cases[0]).toMatchObject({ name: 'noop', outcome: 'failed', source: 'RFC 5321 section 4.1.1.9' });
    expect(reports[0]?.cases[0]?.dialogue.at(-1)).toBe('S: 451 4.3.0 No');
    expect(sink.mails).toEqual([]);
  });
});

test('the report shows a failed case with its dialogue, and nothing that a terminal would obey', () => {
  const about = { group: 'dialogue', source: 'RFC 5321', sentence: 'It is so.', took: 1 } as const;
  const results: readonly CaseResult[] = [
    { ...about, name: 'one', outcome: 'passed', why: null, dialogue: [] },
    { ...about, name: 'three', outcome: 'failed', why: 'it \u001b[31mis not', dialogue: ['C: NOOP', 'S: 451 No'] },
    { ...about, group: 'limits', name: 'two', outcome: 'not-applicable', why: 'nobody asked', dialogue: [] },
  ];
  expect(reportOn('a server', results)).toBe(
    [
      'a server',
      '',
      'dialogue',
      '  ok  one    It is so.',
      '  NO  three  It is so.',
      '      it \\u001b[31mis not (RFC 5321)',
      '        C: NOOP',
      '        S: 451 No',
      '',
      'limits',
      '  --  two    It is so.',
      '      nobody asked',
      '',
      '1 passed, 1 failed, 1 not applicable',
      '',
    ].join('\n'),
  );
});
