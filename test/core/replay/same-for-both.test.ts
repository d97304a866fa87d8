/** What both sides of a replay share: chance and DNS. */
import { expect, test } from 'vitest';
import { SameChance } from '../../../core/replay/same-chance.ts';
import { SharedAnswers } from '../../../core/replay/shared-answers.ts';
import { fakeResolver } from '../../../core/testing/fake-resolver.ts';

test('chance follows from the seed, also where two are at work at the same time', async () => {
  const chance = new SameChance();
  const draw = (seed: string) =>
    chance.during(seed, async () => {
      const drawn: string[] = [];
      for (let index = 0; index < 3; index += 1) {
        await Promise.resolve();
        drawn.push(chance.bytes(9).toString('hex'), String(chance.below(1000)));
      }
      return drawn;
    });
  const alone = await draw('one');
  const [one, two] = await Promise.all([draw('one'), draw('two')]);
  expect(one).toEqual(alone);
  expect(two).not.toEqual(one);
  expect(new Set(one).size).toBe(6);
  expect(chance.bytes(0)).toHaveLength(0);
});

test('every question of DNS is asked once, whatever its case, and a failure is an answer too', async () => {
  const asked: string[] = [];
  const inner = fakeResolver({ 'example.test': { MX: [[10, 'mail.example.test']] }, 'slow.test': 'unavailable' });
  const shared = new SharedAnswers({
    ...inner,
    mx: name => {
      asked.push(name);
      return inner.mx(name);
    },
    lookUp: (name, type) => {
      asked.push(`${name} ${type}`);
      return inner.lookUp(name, type);
    },
  });
  const [one, other] = await Promise.all([shared.mx('example.test'), shared.mx('EXAMPLE.test')]);
  expect(one).toMatchObject({ kind: 'found' });
  expect(other).toBe(one);
  expect(await shared.mx('slow.test')).toBe(await shared.mx('slow.test'));
  await shared.lookUp('example.test', 'MX');
  await shared.lookUp('example.test', 'A');
  await shared.lookUp('example.test', 'MX');
  expect(asked).toEqual(['example.test', 'slow.test', 'example.test MX', 'example.test A']);
});
