/** Shutdown at every stage of strange dialogues: what was acknowledged is committed, and the listener comes to its end. */
import { expect, test } from 'vitest';
import { campaign, dialogueOf } from './campaign.ts';
import { Dice } from './dice.ts';
import { PROFILES } from './profiles.ts';

const ROUNDS = process.env.CI === 'true' ? 300 : 60;
const CLIENTS = 16;

test.for([
  { how: 'in peace, everybody hears 421 or the reply to what was going on', cuts: false },
  { how: 'at once, nothing is acknowledged that was not committed', cuts: true },
])('$how', { timeout: 120_000 }, async ({ cuts }) => {
  let told = 0;
  const dice = new Dice(`shutdown:${String(cuts)}`);
  for (let round = 0; round < ROUNDS; round += 1) {
    const profile = dice.pick(PROFILES);
    const dialogues = Array.from({ length: CLIENTS }, (_, index) =>
      dialogueOf('shutdown', profile, round * CLIENTS + index),
    );
    const closing = { after: dice.between(1, 40), cutsAfter: cuts ? dice.below(15) : null };
    const { findings, heard } = await campaign(profile, dialogues, { closing });
    const said = findings.map(({ fault, heard }) => `${fault.message}\n${heard.slice(-300)}`);
    expect(said, `round ${round}: ${profile.name} ${JSON.stringify(closing)}`).toEqual([]);
    told += heard.filter(text => text.includes('421 4.3.2')).length;
  }
  expect(told).toBeGreaterThan(ROUNDS);
});
