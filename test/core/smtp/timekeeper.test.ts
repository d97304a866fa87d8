import { expect, test } from 'vitest';
import { IDLE, TOO_SLOW } from '../../../core/smtp/replies.ts';
import { Timekeeper } from '../../../core/smtp/timekeeper.ts';
import { LIMITS } from './gateway.ts';

const limits = { ...LIMITS, idle: 20_000, command: 60_000, session: 3_600_000, contentRate: 10 };

test("while a full disk keeps content waiting, the time is not the client's", () => {
  const time = new Timekeeper(limits, 0);
  expect(time.look(1000, 'content', 5000)).toBeNull();
  for (let now = 2000; now <= 120_000; now += 1000) expect(time.look(now, 'nothing', 5000)).toBeNull();
  // Neither the silence nor the rate of those two minutes counts.
  expect(time.look(121_000, 'content', 5000)).toBeNull();
  expect(time.look(140_000, 'content', 5000)).toBeNull();
  expect(time.look(142_000, 'content', 5000)).toBe(IDLE);
});

test('a client that is silent for less than the limit is borne, whatever it did before', () => {
  const time = new Timekeeper(limits, 0);
  for (let now = 0; now < 600_000; now += 19_000) {
    time.turn(now);
    expect(time.look(now + 18_000, 'command', 0)).toBeNull();
  }
});

test('a handshake has a minute, or the time for a command where that is less', () => {
  expect(new Timekeeper({ ...limits, command: 300_000 }, 0).look(60_000, 'handshake', 0)).toBeNull();
  expect(new Timekeeper({ ...limits, command: 300_000 }, 0).look(60_001, 'handshake', 0)).toBe(TOO_SLOW);
  expect(new Timekeeper({ ...limits, command: 5000 }, 0).look(5001, 'handshake', 0)).toBe(TOO_SLOW);
});

test('who does not read what we say has the time of silence', () => {
  const time = new Timekeeper(limits, 0);
  expect(time.look(20_000, 'nobody', 0)).toBeNull();
  expect(time.look(20_001, 'nobody', 99)).toBe(IDLE);
});
