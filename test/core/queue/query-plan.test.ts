/** No statement of the queue steps over what it does not want: it may hold a million mails. */
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { SpoolFolder } from '../../../core/queue/spool-folder.ts';
import { Group } from '../../../core/queue/sqlite-group.ts';
import { openDatabase } from '../../../core/queue/sqlite-schema.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/**
 * Those that are leased are few; of what is kept back the first row says enough; people suspend a domain now and then;
 * statistics look at all recipients, and at the first mail.
 */
const MAY_SCAN = [
  'SCAN destination',
  'SCAN recipient',
  'SCAN mail USING COVERING INDEX mail_content',
  'SCAN mail USING INDEX sqlite_autoindex_mail_1',
  'SCAN recipient USING INDEX recipient_leased',
  'SCAN destination',
  'SCAN lane USING COVERING INDEX lane_due',
  // The first row of it, to see whether there is any.
  'SCAN destination',
];

test('every statement finds its rows by an index, and none sorts', async () => {
  const directory = await tempFolder();
  const { database, close } = openDatabase(directory, 'owner', { pid: 1, host: 'here' });
  onTestFinished(close);
  const statements: string[] = [];
  const watched = new Proxy(database, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name, target) as unknown;
      return (sql: string) => {
        statements.push(sql);
        return target.prepare(sql);
      };
    },
  });
  const group = new Group(watched, { spool: new SpoolFolder(directory) });
  expect(group).toBeInstanceOf(Group);
  expect(statements.length).toBeGreaterThan(30);
  const odd = statements.flatMap(sql =>
    plan(database, sql)
      .filter(step => /^SCAN|TEMP B-TREE FOR ORDER/.test(step) && !MAY_SCAN.includes(step))
      // One row, and the constants of an insertion.
      .filter(step => step !== 'SCAN counter' && step !== 'SCAN CONSTANT ROW')
      .map(step => `${step}: ${sql}`),
  );
  expect(odd).toEqual([]);
  // Without its priority in the index, the first of a lane would be looked for among all that waits for the destination.
  const ofLane = statements.filter(sql => /FROM recipient .*destination = \? AND priority = \?/.test(sql));
  expect(ofLane).toHaveLength(3);
  for (const sql of ofLane) {
    expect(plan(database, sql)).toEqual([expect.stringContaining('recipient_waiting (destination=? AND priority=?')]);
  }
});

function plan(database: DatabaseSync, sql: string): readonly string[] {
  return database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map(row => String(row.detail));
}
