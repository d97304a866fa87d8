/** `mailframe tlsrpt`: reports of what was counted. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { dayOf } from '../../../core/system/tls-counts.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));
const YESTERDAY = dayOf(new Date(Date.now() - 24 * 3_600_000));

const counted = (domain: string) => ({
  policy: { 'policy-type': 'sts', 'policy-string': ['version: STSv1'], 'policy-domain': domain },
  summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 2 },
  'failure-details': [{ 'result-type': 'certificate-expired', 'failed-session-count': 2 }],
});

async function setup(tlsReports = '{ organization: Us, contact: us@example.test }') {
  const folder = await tempFolder();
  const files = {
    'mailframe.config.yaml': `\
hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
plugins: [{ use: relay-policy }]
tlsReports: ${tlsReports}
`,
    [`var/tlsrpt/${YESTERDAY}.json`]: JSON.stringify([counted('one.test'), counted('two.test')]),
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return (...args: readonly string[]) =>
    new Promise<{ code: number; out: string; err: string }>(resolve => {
      execFile(process.execPath, [COMMAND, 'tlsrpt', ...args], { cwd: folder }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
      });
    });
}

describe('tlsrpt', () => {
  test('shows yesterday', async () => {
    const run = await setup();
    expect((await run()).out).toBe(`\
domain    policy  good  failed  why
one.test  sts        5       2  certificate-expired 2
two.test  sts        5       2  certificate-expired 2
`);
  });

  test('prints the reports themselves, of one domain where that is said', async () => {
    const run = await setup();
    const reports = JSON.parse((await run('--json', '--domain', 'two.test', '--day', YESTERDAY)).out) as object[];
    expect(reports).toEqual([
      {
        'organization-name': 'Us',
        'date-range': { 'start-datetime': `${YESTERDAY}T00:00:00Z`, 'end-datetime': `${YESTERDAY}T23:59:59Z` },
        'contact-info': 'us@example.test',
        'report-id': `${YESTERDAY}T00:00:00Z_two.test`,
        policies: [counted('two.test')],
      },
    ]);
  });

  test('says so where nothing was counted', async () => {
    const run = await setup('off');
    expect((await run('--day', '2026-01-01')).out).toBe('nothing was counted on 2026-01-01\n');
    expect((await run('--day', 'yesterday')).err).toContain('A day is expected');
  });
});
