/** The tests of the fuzzer: so many dialogues for each profile, in campaigns of a thousand. */
import { afterAll, describe, expect, test } from 'vitest';
import { campaign, dialogueOf, type Finding } from './campaign.ts';
import type { Dialogue } from './dialogue.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { shrink } from './shrink.ts';

/** Enough to be worth it on every run, and the whole lot in CI. */
const IN_ALL = Number(process.env.MAILFRAME_FUZZ ?? (process.env.CI === 'true' ? 100_000 : 10_000));
const SEED = process.env.MAILFRAME_FUZZ_SEED ?? 'mailframe';
/** `strict:123`: that dialogue alone. */
const ONLY = process.env.MAILFRAME_FUZZ_ONLY ?? null;
const A_CAMPAIGN = 1000;
/** In milliseconds. */
const LONGEST_CAMPAIGN = 240_000;

/** Declares the tests of these profiles. */
export function fuzz(...names: readonly string[]): void {
  let played = 0;
  let seconds = 0;
  afterAll(() => {
    if (played === 0) return;
    console.log(`fuzz: seed ${SEED}, ${played} dialogues with ${names.join(', ')}: ${Math.round(played / seconds)}/s`);
  });
  const profiles = names.map(profileCalled).filter(profile => campaigns(profile).length > 0);
  if (profiles.length === 0) test.skip(`${ONLY} is played by another file`);
  describe.for(profiles)('$name', profile => {
    test.for(campaigns(profile))(
      'dialogues from number %i on, %i of them',
      { timeout: LONGEST_CAMPAIGN },
      async ([from, count]) => {
        const started = performance.now();
        const dialogues = Array.from({ length: count }, (_, index) => dialogueOf(SEED, profile, from + index));
        const { findings, taken, heard } = await campaign(profile, dialogues);
        played += count;
        seconds += (performance.now() - started) / 1000;
        const [first] = findings;
        if (first !== undefined) throw new Error(await describeFinding(first, { profile, from, dialogues }));
        // A generator whose dialogues lead nowhere would find nothing.
        if (count >= A_CAMPAIGN / 2) {
          expect(taken.length).toBeGreaterThan(count / 20);
          expect(heard.join('').split('\n').length).toBeGreaterThan(count * 5);
        }
      },
    );
  });
}

function profileCalled(name: string): Profile {
  const profile = PROFILES.find(one => one.name === name);
  if (profile === undefined) throw new Error(`there is no profile called ${name}`);
  return profile;
}

/** Pairs of the first number and the count. */
function campaigns({ name }: Profile): readonly (readonly [number, number])[] {
  if (ONLY !== null) {
    const [wanted, number] = ONLY.split(':');
    return wanted === name ? [[Number(number), 1]] : [];
  }
  const share = Math.ceil(IN_ALL / PROFILES.length);
  return Array.from({ length: Math.ceil(share / A_CAMPAIGN) }, (_, index) => {
    const from = index * A_CAMPAIGN;
    return [from, Math.min(A_CAMPAIGN, share - from)] as const;
  });
}

interface Setting {
  readonly profile: Profile;
  readonly from: number;
  readonly dialogues: readonly Dialogue[];
}

/** A violation as somebody can work with it. */
async function describeFinding(
  { index, fault, heard }: Finding,
  { profile, from, dialogues }: Setting,
): Promise<string> {
  const it = index === null ? undefined : dialogues[index];
  if (it === undefined)
    return `${fault.message}\nin one of the dialogues ${from} to ${from + dialogues.length - 1} of ${profile.name}, seed ${SEED}`;
  const fails = async (candidate: Dialogue) => {
    const result = await campaign(profile, [candidate], { patience: 2000 });
    return result.findings.some(one => kindOf(one.fault) === kindOf(fault));
  };
  const small = (await fails(it)) ? await shrink(it, fails) : null;
  return [
    fault.message,
    `again: MAILFRAME_FUZZ_SEED=${SEED} MAILFRAME_FUZZ_ONLY='${profile.name}:${from + (index ?? 0)}' npx vitest run listeners`,
    small === null ? 'alone it does not happen again' : `as small as it goes: ${shown(small)}`,
    `whole: ${shown(it)}`,
    `heard: ${shown(heard)}`,
  ].join('\n');
}

/** What two violations have in common whose octets differ. */
function kindOf({ message }: Error): string {
  return message
    .replace(/^\d{3}[^"]*/, '')
    .replaceAll(/\bQ[\d.]+/g, 'Q')
    .replace(/["{].*$/s, '');
}

/** As JSON in ASCII: a terminal hides some octets and shows others twice. */
function shown(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, escaped);
}
