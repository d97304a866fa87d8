import { expect, test } from 'vitest';
import { type Grouped, Groups } from '../../../core/replay/groups.ts';

const NOWHERE = { old: new Map(), new: new Map() } as const;

function refused(to: string, rule: string | null = null): Grouped {
  return { subject: 'answer', topic: null, from: 'accepted', to, by: { who: 'policy', rule, side: 'new' } };
}

test('groups that differ in their texts alone are shown up to a number, and the small ones become one', () => {
  const groups = new Groups();
  for (let index = 0; index < 20; index += 1) {
    for (let times = 0; times <= index; times += 1) groups.add(`${index}-${times}`, [refused(`wait ${index} s`)]);
  }
  groups.add('last', [{ ...refused('no'), by: null }]);
  const listed = groups.list(NOWHERE);
  // 1 + 2 + … + 13 of the thirteen smallest.
  expect(listed.map(({ from, to, count }) => [from, to, count])).toEqual([
    ['various', 'various', 91],
    ['accepted', 'wait 19 s', 20],
    ['accepted', 'wait 18 s', 19],
    ['accepted', 'wait 17 s', 18],
    ['accepted', 'wait 16 s', 17],
    ['accepted', 'wait 15 s', 16],
    ['accepted', 'wait 14 s', 15],
    ['accepted', 'wait 13 s', 14],
    ['accepted', 'no', 1],
  ]);
});

test('reasons are counted within a group, and do not make one', () => {
  const groups = new Groups();
  for (const [name, rule] of [
    ['a', 'listed'],
    ['b', 'unlisted'],
    ['c', 'unlisted'],
  ] as const) {
    groups.add(name, [refused('no', rule)]);
  }
  for (let index = 0; index < 100; index += 1) groups.add(`${index}`, [refused('no', `score ${index}`)]);
  const [group] = groups.list(NOWHERE);
  expect(group?.count).toBe(103);
  expect(group?.by?.rules.slice(0, 2)).toEqual([
    { rule: 'other reasons', count: 52 },
    { rule: 'unlisted', count: 2 },
  ]);
});

test('a message is in a group once', () => {
  const groups = new Groups();
  groups.add('one', [refused('no', 'a'), refused('no', 'b')]);
  expect(groups.list(NOWHERE).map(({ count, members }) => [count, members])).toEqual([[1, ['one']]]);
});
