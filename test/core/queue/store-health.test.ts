/** The lines about a store in trouble: once when it begins, once when it is over. */
import { expect, test } from 'vitest';
import { StoreError } from '../../../core/queue/store-error.ts';
import { StoreHealth, type Watched } from '../../../core/queue/store-health.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';

function watched() {
  const log = recordingLog();
  const health = new StoreHealth('/var/queue', log);
  return {
    lines: () => log.lines.map(({ event, fields }) => [event, fields.from ?? fields.cause]),
    log,
    works: (operation: Watched) => health.watch(operation, async () => 'done'),
    fails: (operation: Watched, code: string) =>
      health.watch(operation, () => Promise.reject(new StoreError(`it says ${code}`, code))).catch(() => undefined),
  };
}

test('a trouble is told once, with where and what to do, and its end once', async () => {
  const { log, lines, works, fails } = watched();
  expect(await works('commit')).toBe('done');
  await fails('commit', 'ENOSPC');
  await fails('commit', 'ENOSPC');
  expect(log.lines).toMatchObject([
    {
      level: 'error',
      event: 'troubled',
      fields: { queue: '/var/queue', operation: 'commit', cause: 'it says ENOSPC' },
    },
  ]);
  expect(log.lines[0]?.fields.remedy).toContain('make room');
  await works('commit');
  await works('commit');
  await fails('commit', 'ENOSPC');
  expect(lines()).toEqual([
    ['troubled', 'it says ENOSPC'],
    ['recovered', 'ENOSPC'],
    ['troubled', 'it says ENOSPC'],
  ]);
});

test('it is over when all that failed works again, and not when something else does', async () => {
  const { lines, works, fails } = watched();
  await fails('commit', 'SQLITE_BUSY');
  await fails('settle', 'SQLITE_BUSY');
  await works('lease');
  await works('commit');
  expect(lines()).toHaveLength(1);
  await works('settle');
  expect(lines()).toEqual([
    ['troubled', 'it says SQLITE_BUSY'],
    ['recovered', 'SQLITE_BUSY'],
  ]);
});

test('each trouble has its own lines; what nobody can mend has none', async () => {
  const { lines, fails } = watched();
  await fails('commit', 'SQLITE_CONSTRAINT');
  await fails('commit', 'ENOSPC');
  await fails('lease', 'SQLITE_CORRUPT');
  expect(lines()).toEqual([
    ['troubled', 'it says ENOSPC'],
    ['troubled', 'it says SQLITE_CORRUPT'],
  ]);
});
