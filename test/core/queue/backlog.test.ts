/** The backlog: whose mail waits is known from what was looked for, and nobody is forgotten who may wait. */
import { describe, expect, test } from 'vitest';
import type { QueuedRecipient } from '../../../core/plugin/queue-control.ts';
import type { Lease } from '../../../core/plugin/queue-store.ts';
import { Backlog, type Look } from '../../../core/queue/backlog.ts';
import { ARRIVAL, mailFor } from './queued-mail.ts';

const ROOM = { each: 5, but: new Map<string, number>() };

function look(backlog: Backlog, limit: number, parts: Partial<Look> = {}): (...leases: readonly Lease[]) => void {
  backlog.begin();
  return (...leases) => backlog.end({ limit, room: ROOM, at: 0, ...parts }, leases);
}

/** One mail, for each of these. */
function mailTo(...names: readonly string[]): Lease {
  return {
    owner: 'us',
    fence: 1,
    until: ARRIVAL,
    mail: mailFor('A'),
    recipients: names.map(destination => ({ destination }) as QueuedRecipient),
    fate: { kind: 'deliver' },
  };
}

function seen(...leases: readonly Lease[]): Backlog {
  const backlog = new Backlog();
  look(backlog, 100)(...leases);
  return backlog;
}

describe('a look at everything', () => {
  test('that finds all leaves nobody behind but those that had room for no more', () => {
    const five = Array.from({ length: 5 }, () => mailTo('full.example'));
    const backlog = new Backlog();
    look(backlog, 100, { room: { each: 5, but: new Map([['none.example', 0]]) } })(...five, mailTo('a.example'));
    expect([...backlog.waiting].sort()).toEqual(['full.example', 'none.example']);
    expect(backlog.isBehind('a.example')).toBe(false);
  });

  test('that is cut short leaves anyone behind', () => {
    const backlog = seen();
    look(backlog, 2)(mailTo('a.example'), mailTo('b.example'));
    expect(backlog.isKnown).toBe(false);
    expect(backlog.isBehind('c.example')).toBe(true);
  });

  test('is cut short by one mail for several destinations as well', () => {
    const backlog = seen();
    look(backlog, 2)(mailTo('a.example', 'b.example'));
    expect(backlog.isKnown).toBe(false);
  });
});

describe('a look by name, while anyone may be behind', () => {
  test('tells of these that they are not', () => {
    const backlog = new Backlog();
    look(backlog, 100, { only: ['a.example'] })(mailTo('a.example'));
    expect(backlog.isBehind('a.example')).toBe(false);
    expect(backlog.isBehind('b.example')).toBe(true);
  });

  test('tells nothing where it is cut short', () => {
    const backlog = new Backlog();
    look(backlog, 1, { only: ['a.example'] })(mailTo('a.example'));
    expect(backlog.isBehind('a.example')).toBe(true);
  });

  test('is forgotten when more of its mail is found', () => {
    const backlog = new Backlog();
    look(backlog, 100, { only: ['a.example'] })();
    look(backlog, 1)(mailTo('a.example'));
    expect(backlog.isBehind('a.example')).toBe(true);
  });
});

describe('mail that comes', () => {
  test('is known to wait', () => {
    const backlog = seen();
    backlog.add('a.example');
    expect(backlog.isBehind('a.example')).toBe(true);
    expect([...backlog.waiting]).toEqual(['a.example']);
  });

  test('during a look is looked for again, and keeps what comes later from nothing', () => {
    const backlog = seen();
    const end = look(backlog, 100);
    backlog.add('a.example');
    end();
    expect(backlog.isBehind('a.example')).toBe(false);
    expect(backlog.isWanted('a.example')).toBe(true);
    look(backlog, 100)(mailTo('a.example'));
    expect(backlog.isWanted('a.example')).toBe(false);
  });

  test('for more destinations than are kept may be for anyone', () => {
    const backlog = seen();
    for (let index = 0; index < 1001; index++) backlog.add(`${index}.example`);
    expect([...backlog.waiting]).toHaveLength(1000);
    expect(backlog.isBehind('0.example')).toBe(true);
  });
});
