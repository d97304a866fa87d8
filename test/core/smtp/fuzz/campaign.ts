/** Plays many dialogues against one listener, several at a time, and says which of them brought a violation to light. */

import { type Dialogue, dialogue } from './dialogue.ts';
import { Dice } from './dice.ts';
import { settle } from './ledger.ts';
import { type Played, play } from './player.ts';
import type { Profile } from './profiles.ts';
import { type Closing, Stage } from './stage.ts';
import type { Taken } from './transaction-model.ts';
import { transcripts } from './transcripts.ts';
import { Violation } from './violation.ts';

/** Dialogues at the same time. */
const AT_ONCE = 24;
const PATIENCE = 20_000;

const TRANSCRIPTS = transcripts();

/** A dialogue that is always the same for the same seed, profile and number. */
export function dialogueOf(seed: string, { name, traits }: Profile, number: number): Dialogue {
  return dialogue(new Dice(`${seed}:${name}:${number}`), traits, TRANSCRIPTS);
}

/** One dialogue with what was wrong about the answers to it. */
export interface Finding {
  /** Where it stands in the list; `null`: nobody can say which dialogue it was. */
  readonly index: number | null;
  readonly fault: Violation;
  readonly heard: string;
}

/** What came of a campaign. */
export interface Result {
  readonly findings: readonly Finding[];
  /** Mails that clients were told were taken. */
  readonly taken: readonly Taken[];
  /** What each client heard. */
  readonly heard: readonly string[];
}

/** How a campaign differs from the usual. */
export interface Circumstances {
  /** See `Stage.patience`. */
  readonly patience?: number;
  readonly closing?: Closing;
}

/** Plays them. Call it inside a test: the listener lives as long as that. */
export async function campaign(
  profile: Profile,
  dialogues: readonly Dialogue[],
  { patience = PATIENCE, closing }: Circumstances = {},
): Promise<Result> {
  const errors = new Errors();
  const stage = new Stage(profile, patience, closing ?? null);
  await stage.open();
  const played = new Map<number, Played>();
  let next = 0;
  const one = async () => {
    for (let index = next++; index < dialogues.length; index = next++) {
      const it = dialogues[index];
      if (it !== undefined) played.set(index, await play(it, stage));
    }
  };
  await stage.runClockUntil(Promise.all(Array.from({ length: Math.min(AT_ONCE, dialogues.length) }, one)));
  await stage.end();
  const findings = [...played].flatMap(([index, result]) => findingIn(index, result));
  const general = [...errors.stop(), ...stage.complaints()].map(text => new Violation(text));
  return {
    findings: [...findings, ...general.map(fault => ({ index: null, fault, heard: '' }))],
    taken: [...played.values()].flatMap(({ taken }) => taken),
    heard: [...played.values()].map(({ heard }) => heard),
  };
}

function findingIn(index: number, played: Played): readonly Finding[] {
  const { fault, commits, heard } = played;
  if (fault !== null) return [{ index, fault, heard }];
  try {
    settle(played, commits);
    return [];
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    return [{ index, fault: error, heard }];
  }
}

/** What nobody caught while the campaign ran. The tests fail of it anyway; here it gets a name. */
class Errors {
  readonly #caught: string[] = [];
  readonly #listener = (error: unknown) => {
    this.#caught.push(`nobody caught: ${error instanceof Error ? error.stack : String(error)}`);
  };

  constructor() {
    process.on('uncaughtException', this.#listener);
    process.on('unhandledRejection', this.#listener);
  }

  stop(): readonly string[] {
    process.off('uncaughtException', this.#listener);
    process.off('unhandledRejection', this.#listener);
    return this.#caught;
  }
}
