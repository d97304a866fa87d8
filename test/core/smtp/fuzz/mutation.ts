/** Dialogues that made sense, changed a little: octets flipped, put in, cut out; lines lost, doubled, swapped, mixed. */
import type { Dice } from './dice.ts';

const SPECIAL = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '.',
  '\r\n.\r\n',
  '\x80',
  '\xff',
  '\xe2\x80\xa8',
  ' ',
  '<',
  '>',
  '"',
  '\x7f',
  '\x1b',
];

/** One change. */
type Mutation = (dice: Dice, units: string[]) => void;

function inOne(change: (dice: Dice, unit: string) => string): Mutation {
  return (dice, units) => {
    const at = dice.below(units.length);
    units[at] = change(dice, units[at] ?? '');
  };
}

const putIn = (unit: string, at: number, octets: string) => unit.slice(0, at) + octets + unit.slice(at);

const MUTATIONS: readonly Mutation[] = [
  inOne((dice, unit) => {
    const at = dice.below(unit.length);
    const flipped = String.fromCharCode((unit.charCodeAt(at) || 0) ^ (1 << dice.below(8)));
    return unit.slice(0, at) + flipped + unit.slice(at + 1);
  }),
  inOne((dice, unit) => putIn(unit, dice.below(unit.length + 1), dice.pick(SPECIAL))),
  inOne((dice, unit) => putIn(unit, dice.below(unit.length + 1), dice.octets(dice.between(1, 8)))),
  inOne((dice, unit) =>
    putIn(unit, dice.below(unit.length + 1), dice.pick(['x', ' ', '.', 'A1']).repeat(dice.between(50, 1500))),
  ),
  inOne((dice, unit) => {
    const at = dice.below(unit.length);
    return unit.slice(0, at) + unit.slice(at + dice.between(1, 6));
  }),
  inOne((dice, unit) => unit.slice(0, dice.below(unit.length + 1))),
  (dice, units) => void units.splice(dice.below(units.length), 1),
  (dice, units) => {
    const at = dice.below(units.length);
    units.splice(at, 0, units[at] ?? '');
  },
  (dice, units) => {
    const at = dice.below(units.length);
    units.splice(at, 2, ...units.slice(at, at + 2).toReversed());
  },
  (dice, units) => {
    const from = dice.below(units.length);
    units.splice(dice.below(units.length), 0, ...units.slice(from, from + dice.between(1, 4)));
  },
];
/** Longer than any line may be: rare, because it costs so much. */
const FLOOD = inOne((dice, unit) => putIn(unit, dice.below(unit.length + 1), 'x'.repeat(dice.between(16_000, 40_000))));

export function mutated(dice: Dice, units: readonly string[]): readonly string[] {
  const result = [...units];
  for (
    let left = dice.weighted([
      [1, 0],
      [6, 1],
      [3, dice.between(2, 6)],
    ]);
    left > 0 && result.length > 0;
    left -= 1
  ) {
    if (dice.chance(0.01)) FLOOD(dice, result);
    else dice.pick(MUTATIONS)(dice, result);
  }
  return result;
}
