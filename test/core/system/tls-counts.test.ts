/** Counts for TLS reports: what is on the disk and when, what a restart keeps, and what it costs strangers. */
import { describe, expect, test } from 'vitest';
import type { TlsSession } from '../../../core/index.ts';
import { type TlsReportPolicy, tlsReportsFor } from '../../../core/mail/tls-report.ts';
import { TlsCounts } from '../../../core/system/tls-counts.ts';
import { parseTlsDay } from '../../../core/system/tls-report-text.ts';
import { ManualClock, type MemoryFiles, memoryFiles, recordingLog } from '../../../core/testing.ts';

const DAY = 24 * 3_600_000;
const FILE = 'tlsrpt/2026-11-23.json';
const POLICY = { type: 'sts', domain: 'example.test', strings: ['version: STSv1'], mxHosts: ['mx.test'] } as const;
const GOOD: TlsSession = { policy: POLICY, failure: null };
const EXPIRED: TlsSession = {
  policy: POLICY,
  failure: { type: 'certificate-expired', host: 'mx.test', address: '192.0.2.1', reason: 'CERT_HAS_EXPIRED' },
};

function setup(files?: MemoryFiles, now = '2026-11-23T23:59:00Z') {
  const clock = new ManualClock(now);
  const log = recordingLog();
  const disk = files ?? memoryFiles({}, { clock });
  const counts = new TlsCounts({ directory: 'tlsrpt', keep: 30 * DAY }, { files: disk, clock, log });
  const read = (file = FILE): readonly TlsReportPolicy[] => parseTlsDay(disk.text(file) ?? '[]');
  return { clock, log, files: disk, counts, read };
}

const summary = (good: number, failed: number) => ({
  'total-successful-session-count': good,
  'total-failure-session-count': failed,
});

test('sessions are counted by policy, failures by what they were', async () => {
  const { counts, read } = setup();
  for (const one of [GOOD, EXPIRED, EXPIRED, GOOD, GOOD]) counts.count(one);
  await counts.close();
  expect(read()).toEqual([
    {
      policy: {
        'policy-type': 'sts',
        'policy-string': ['version: STSv1'],
        'policy-domain': 'example.test',
        'mx-host': ['mx.test'],
      },
      summary: summary(3, 2),
      'failure-details': [
        {
          'result-type': 'certificate-expired',
          'receiving-mx-hostname': 'mx.test',
          'receiving-ip': '192.0.2.1',
          'failure-reason-code': 'CERT_HAS_EXPIRED',
          'failed-session-count': 2,
        },
      ],
    },
  ]);
});

test('they are on the disk some seconds later, and not written for each', async () => {
  const { counts, clock, files, read } = setup();
  counts.count(GOOD);
  counts.count(GOOD);
  await clock.advance(9000);
  expect(files.text(FILE)).toBeNull();
  await clock.advance(1000);
  await clock.advance(0);
  expect(read()).toMatchObject([{ summary: summary(2, 0) }]);
});

test('a restart goes on where the day stood', async () => {
  const first = setup();
  first.counts.count(EXPIRED);
  await first.counts.close();
  const second = setup(first.files);
  second.counts.count(EXPIRED);
  second.counts.count(GOOD);
  await second.counts.close();
  expect(second.read()).toMatchObject([{ summary: summary(1, 2), 'failure-details': [{ 'failed-session-count': 2 }] }]);
});

test('each day (UTC) has its own file, and old ones go', async () => {
  const files = memoryFiles({ 'tlsrpt/2026-10-01.json': '[]', 'tlsrpt/2026-11-01.json': '[]', 'tlsrpt/notes': 'x' });
  const { counts, clock, read } = setup(files);
  counts.count(GOOD);
  await clock.advance(2 * 60_000);
  counts.count(EXPIRED);
  await counts.close();
  expect(read()).toMatchObject([{ summary: summary(1, 0) }]);
  expect(read('tlsrpt/2026-11-24.json')).toMatchObject([{ summary: summary(0, 1) }]);
  expect(files.paths().map(path => path.replace(/^.*\//, ''))).toEqual([
    '2026-11-01.json',
    '2026-11-23.json',
    '2026-11-24.json',
    'notes',
  ]);
});

test('what the disk does not take is tried again, and the log says so', async () => {
  const { counts, clock, log, files, read } = setup();
  files.fail(FILE, 'ENOSPC', 'replace');
  counts.count(GOOD);
  await clock.advance(10_000);
  await clock.advance(0);
  expect(log.of('failed')).toHaveLength(1);
  files.heal(FILE);
  counts.count(GOOD);
  await counts.close();
  expect(read()).toMatchObject([{ summary: summary(2, 0) }]);
});

test('a damaged file does not keep the rest of the day from being counted', async () => {
  const { counts, log, read } = setup(memoryFiles({ [FILE]: '{"half' }));
  counts.count(GOOD);
  await counts.close();
  expect(read()).toMatchObject([{ summary: summary(1, 0) }]);
  expect(log.of('failed')).toHaveLength(1);
});

test('denial of service: a hundred thousand policies do not take more memory than five thousand', async () => {
  const { counts, read } = setup();
  for (let index = 0; index < 100_000; index += 1) {
    counts.count({ policy: { ...POLICY, domain: `d${index}.test` }, failure: null });
  }
  await counts.close();
  expect(read()).toHaveLength(5000);
});

describe('reports', () => {
  test('are one for each domain, of a whole day', async () => {
    const { counts, read } = setup();
    counts.count(GOOD);
    counts.count({ policy: { ...POLICY, domain: 'two.test' }, failure: null });
    counts.count({ policy: { ...POLICY, type: 'tlsa' }, failure: null });
    await counts.close();
    const reports = tlsReportsFor('2026-11-23', read(), { organization: 'Us', contact: 'us@example.test' });
    expect(reports).toMatchObject([
      {
        'organization-name': 'Us',
        'date-range': { 'start-datetime': '2026-11-23T00:00:00Z', 'end-datetime': '2026-11-23T23:59:59Z' },
        'contact-info': 'us@example.test',
        'report-id': '2026-11-23T00:00:00Z_example.test',
        policies: [{ policy: { 'policy-type': 'sts' } }, { policy: { 'policy-type': 'tlsa' } }],
      },
      { policies: [{ policy: { 'policy-domain': 'two.test' } }] },
    ]);
  });
});
