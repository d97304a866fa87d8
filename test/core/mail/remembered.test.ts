/** A question that is put once for those who ask the same. */
import { expect, test } from 'vitest';
import { remembered } from '../../../core/mail/remembered.ts';

function counted(most: number) {
  const put: string[] = [];
  const question = remembered(most, about => {
    put.push(about);
    return about === 'nothing' ? undefined : about.toUpperCase();
  });
  return { put, question };
}

test('the same is not asked again, whatever the answer was', () => {
  const { put, question } = counted(10);
  expect(['a', 'b', 'a', 'nothing', 'nothing', 'b'].map(question)).toEqual(['A', 'B', 'A', undefined, undefined, 'B']);
  expect(put).toEqual(['a', 'b', 'nothing']);
});

test('memory that a client could fill: no more answers than that are kept, and then it begins anew', () => {
  const { put, question } = counted(3);
  for (const about of ['a', 'b', 'c', 'a', 'b', 'c']) question(about);
  expect(put).toEqual(['a', 'b', 'c']);
  question('d');
  expect(put.splice(0)).toEqual(['a', 'b', 'c', 'd']);
  for (const about of ['d', 'a', 'b', 'c']) expect(question(about)).toBe(about.toUpperCase());
  expect(put).toEqual(['a', 'b', 'c']);
});

test('a question that throws is put again', () => {
  let puts = 0;
  const question = remembered(3, () => {
    puts += 1;
    if (puts === 1) throw new Error('not yet');
    return puts;
  });
  expect(() => question('a')).toThrow('not yet');
  expect([question('a'), question('a')]).toEqual([2, 2]);
});
