/**
 * SMTP smuggling, whatever the sequence: every mix of CR, LF, NUL and dot up to five octets and samples of longer ones, in
 * the middle of content, in one write, octet by octet and cut at each octet. The reference says how many mails there are.
 */
import { describe, expect, test } from 'vitest';
import { campaign } from './campaign.ts';
import { Dice } from './dice.ts';
import { patientProfile } from './profiles.ts';
import { CUTS, type Cut, holdsEnd, sampled, sequences, smuggling, type Way } from './smuggling.ts';

const dice = new Dice('smuggling');
const samples = (count: number) => dice.times(count, () => sampled(dice, dice.between(6, 12)));
const FEW = [...[1, 2, 3, 4].flatMap(sequences), ...samples(300)];
const ALL = [...FEW, ...sequences(5), ...samples(1200)];
/** In CI all, but for what takes longest and can mean least: no octets end a chunk. */
function harmless(way: Way, { many }: Cut): readonly string[] {
  const all = process.env.CI === 'true' && (way === 'DATA' || !many);
  return (all ? ALL : FEW).filter(one => !holdsEnd(one));
}
/** The end itself, and things around it. */
const ENDS = [
  ...['', '\r\n', '\n', '.', '\0', '.\r\n'].map(rest => `\r\n.\r\n${rest}`),
  '\r\n\r\n.\r\n',
  '\n\r\n.\r\n',
];

const WAYS: readonly Way[] = ['DATA', 'BDAT', 'chunks'];
const ADMIN = '<admin@example.test>';

describe.for(['reject', 'normalize'] as const)('bare newlines: %s', bareNewline => {
  const profile = patientProfile(bareNewline);
  const attack = async (list: readonly string[], way: Way, cut: Cut) => {
    const { findings, taken } = await campaign(profile, smuggling(list, way, cut));
    expect(findings.map(({ fault, heard }) => `${fault.message}\n${heard.slice(-300)}`)).toEqual([]);
    return taken;
  };

  describe.for(WAYS)('%s', { timeout: 120_000 }, way => {
    test.for(CUTS)('$name, nothing but the end of content makes a second mail', async cut => {
      const list = harmless(way, cut);
      const taken = await attack(list, way, cut);
      expect(taken.filter(({ from }) => from === ADMIN)).toEqual([]);
      expect(taken.length).toBeGreaterThan(bareNewline === 'normalize' ? list.length : 10);
    });
  });

  test.for(CUTS)('$name, what follows the true end of content is commands', async cut => {
    const taken = await attack(ENDS, 'DATA', cut);
    expect(taken.filter(({ from }) => from === ADMIN).length).toBeGreaterThan(1);
  });
});
