/** Standing: who sends little stands before who sends much, personal mail before bulk. */
import { expect, test } from 'vitest';
import { Standing } from '../../../core/queue/standing.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { ARRIVAL, mailFor } from './queued-mail.ts';

const MINUTE = 60_000;
const many = (count: number) => Array.from({ length: count }, (_, index) => `${index}@example.test`);

function standing() {
  const clock = new ManualClock(ARRIVAL);
  const one = new Standing(clock);
  return {
    clock,
    steps: (from: string, to: readonly string[]) => one.stepsFor(mailFor('A', { from, to }), 'personal'),
    one,
  };
}

test('who sends to a few stands where he asked to', () => {
  const { steps } = standing();
  for (let index = 0; index < 31; index++) expect(steps('<ann@one.example>', many(1))).toBe(0);
});

test('twice as many recipients cost a step, and so on, up to nine', () => {
  const { steps } = standing();
  expect(steps('<ann@one.example>', many(64))).toBe(1);
  expect(steps('<ann@one.example>', many(64))).toBe(2);
  expect(steps('<ann@one.example>', many(10_000))).toBe(8);
  expect(steps('<ann@one.example>', many(10_000))).toBe(9);
  expect(steps('<ann@one.example>', many(100_000))).toBe(9);
});

test('others are not charged for it', () => {
  const { steps } = standing();
  steps('<ann@one.example>', many(10_000));
  expect(steps('<bob@one.example>', many(1))).toBe(0);
});

test('it is forgotten by halves, one each minute', async () => {
  const { clock, steps } = standing();
  expect(steps('<ann@one.example>', many(1024))).toBe(5);
  await clock.advance(3 * MINUTE);
  expect(steps('<ann@one.example>', many(1))).toBe(2);
  await clock.advance(60 * MINUTE);
  expect(steps('<ann@one.example>', many(1))).toBe(0);
});

test('who has authenticated is one sender, whatever address is given', () => {
  const { one } = standing();
  const mail = (from: string) => {
    const made = mailFor('A', { from, to: many(64) });
    return { ...made, session: { ...made.session, user: 'ann' } };
  };
  expect(one.stepsFor(mail('<a@one.example>'), 'personal')).toBe(1);
  expect(one.stepsFor(mail('<b@one.example>'), 'personal')).toBe(2);
});

test('bulk mail stands behind what people write', () => {
  const { one } = standing();
  expect(one.stepsFor(mailFor('A'), 'bulk')).toBe(2);
});

test('notifications are nobody’s doing', () => {
  const { steps } = standing();
  expect(steps('<>', many(1000))).toBe(0);
});

test('of many senders those are forgotten who were silent the longest', () => {
  const { steps } = standing();
  steps('<first@one.example>', many(128));
  steps('<second@one.example>', many(128));
  for (let index = 0; index < 9998; index++) steps(`<${index}@one.example>`, many(1));
  steps('<second@one.example>', many(1));
  steps('<another@one.example>', many(1));
  expect(steps('<first@one.example>', many(1))).toBe(0);
  expect(steps('<second@one.example>', many(1))).toBe(2);
});
