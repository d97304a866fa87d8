/** Which policy a destination has, by the rules of the configuration. */
import { describe, expect, test } from 'vitest';
import { parseAddressPattern } from '../../../core/mail/address-pattern.ts';
import { DEFAULT_POLICY, type DestinationRule, policyFor } from '../../../core/mail/destination.ts';
import { startingRoom } from '../../../core/queue/starting-room.ts';

function rule(start: number, ...patterns: readonly string[]): DestinationRule {
  const match = patterns.map(text => {
    const pattern = parseAddressPattern(text);
    if (pattern === null) throw new Error(`${text} is no pattern`);
    return pattern;
  });
  return { ...DEFAULT_POLICY, match, concurrency: { start, most: 30 } };
}

const RULES = [
  rule(1, '@slow.example', '@.slow.example'),
  rule(2, '@relay.example'),
  rule(3, 'ann@here.example'),
  rule(4, '@[192.0.2.1]', '@[IPv6:2001:db8::1]'),
];

test.each([
  { destination: 'slow.example', want: 1 },
  { destination: 'mx.slow.example', want: 1 },
  { destination: 'notslow.example', want: 5 },
  { destination: 'relay.example:25', want: 2 },
  { destination: 'relay.example:587', want: 2 },
  { destination: 'ann@here.example', want: 3 },
  { destination: 'bob@here.example', want: 5 },
  { destination: 'bob@slow.example', want: 1 },
  { destination: '[192.0.2.1]', want: 4 },
  { destination: '"a@b"@slow.example', want: 1 },
])('$destination has the policy of the first rule that matches', ({ destination, want }) => {
  expect(policyFor(RULES, destination).concurrency.start).toBe(want);
});

test('a rule without patterns is for all that no rule above it matches', () => {
  const rules = [...RULES, rule(9)];
  expect(policyFor(rules, 'slow.example').concurrency.start).toBe(1);
  expect(policyFor(rules, 'else.example').concurrency.start).toBe(9);
});

describe('the room of a destination that has not been met', () => {
  test('is what the strictest policy allows', () => {
    expect(startingRoom([])).toBe(5);
    expect(startingRoom([rule(9)])).toBe(5);
    expect(startingRoom(RULES)).toBe(1);
    expect(startingRoom([{ ...rule(9), rate: { count: 1, per: 1000 } }])).toBe(1);
  });
});
