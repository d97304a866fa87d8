/** What has been seen, over all restarts: a mail is one entry, whatever becomes of it and in whichever process. */
import { describe, expect, test } from 'vitest';
import { Journal } from '../../../core/dev/journal.ts';
import type { AcceptedReport, CaughtReport, RefusedReport, SettledReport } from '../../../core/dev/reports.ts';
import { summaryOf } from '../../../core/dev/summaries.ts';
import { aSession } from '../../../core/testing.ts';

function accepted(id: string, ...addresses: readonly string[]): AcceptedReport {
  return {
    kind: 'accepted',
    id,
    at: 0,
    session: aSession(),
    from: '<ann@client.test>',
    recipients: addresses.map(address => ({ address, original: address, via: [] })),
    facts: {},
    trace: [],
    fate: 'deliver',
    because: null,
    size: 100,
    stored: '/nowhere/stored',
    received: null,
    about: null,
    subject: id,
    author: null,
  };
}

function settled(id: string, index: number, kind: 'delivered' | 'deferred' | 'bounced', text = ''): SettledReport {
  return { kind: 'settled', id, at: 0, outcomes: [{ index, kind, text, remote: null, nextAttempt: null }], trace: [] };
}

function caught(number: number | null, id: string | null): CaughtReport {
  const about = { to: 'mx.b.test', from: '<>', recipients: ['<a@b.test>'], tls: false, content: '/nowhere/copy' };
  return { kind: 'caught', number, id, at: 0, by: number === null ? 'program' : 'next hop', ...about };
}

const REFUSED: RefusedReport = {
  kind: 'refused',
  at: 0,
  session: aSession(),
  hook: 'rcpt',
  reply: '450 4.2.1 Later',
  permanent: false,
  by: 'greylist',
  because: null,
  from: null,
  recipients: [],
  trace: [],
  received: null,
  subject: null,
  author: null,
};

const states = (journal: Journal) => journal.entries().map(entry => summaryOf(entry).state);

describe('a mail as a whole', () => {
  test('is as its recipient in the most trouble', () => {
    const journal = new Journal();
    journal.take(accepted('A', 'a@b.test', 'c@d.test'), 1);
    journal.take(settled('A', 0, 'delivered'), 1);
    expect(states(journal)).toEqual(['queued']);
    journal.take(settled('A', 1, 'deferred'), 1);
    expect(states(journal)).toEqual(['deferred']);
    journal.take(settled('A', 1, 'bounced'), 2);
    expect(states(journal)).toEqual(['bounced']);
  });

  test('is held, released and removed by order, but for recipients who are done', () => {
    const journal = new Journal();
    journal.take(accepted('A', 'a@b.test', 'c@d.test'), 1);
    journal.take(settled('A', 0, 'delivered'), 1);
    for (const [order, state] of [
      ['hold', 'held'],
      ['release', 'queued'],
      ['remove', 'removed'],
    ] as const) {
      journal.take({ kind: 'ordered', id: 'A', order }, 1);
      expect(journal.entry('A')).toMatchObject({ recipients: [{ state: 'delivered' }, { state }] });
    }
  });
});

test('a copy belongs to the mail whose outcome names it, in the same process of the gateway', () => {
  const journal = new Journal();
  journal.take(accepted('A', 'a@b.test'), 1);
  journal.take(accepted('B', 'a@b.test'), 2);
  journal.take(settled('A', 0, 'delivered', '250 2.0.0 Taken as sink-1'), 1);
  journal.take(settled('B', 0, 'delivered', '250 2.0.0 Taken as sink-1'), 2);
  expect(journal.take(caught(1, null), 2)).toEqual({ changed: ['B'], gone: [] });
  expect(journal.take(caught(1, null), 1)).toEqual({ changed: ['A'], gone: [] });
  expect(journal.take(caught(null, 'A'), 1)).toEqual({ changed: ['A'], gone: [] });
  const entry = journal.entry('A');
  expect(entry?.kind === 'mail' ? [...journal.copiesOf(entry).values()].map(({ by }) => by) : []).toEqual([
    'next hop',
    'program',
  ]);
});

test('forgets what is done and keeps what waits; with too many it forgets the oldest', () => {
  const journal = new Journal();
  journal.take(accepted('A', 'a@b.test'), 1);
  journal.take(accepted('B', 'a@b.test'), 1);
  journal.take(settled('A', 0, 'delivered'), 1);
  journal.take(REFUSED, 1);
  expect(states(journal)).toEqual(['delivered', 'queued', 'turned-away']);
  expect(journal.clear().gone).toEqual(['A', 'refusal-1']);
  for (let count = 0; count < 499; count += 1) journal.take(REFUSED, 1);
  expect(journal.take(REFUSED, 1).gone).toEqual(['B']);
});
