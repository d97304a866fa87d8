/** Dialogues: what a client says, in which segments, when it listens in between, and how it leaves. */

import { anyCommand, authAnswer, commandEnd, greet, mailFrom, rcptTo } from './commands.ts';
import { anyContent, binaryContent, chunkOctets, largeContent, plainContent } from './content.ts';
import type { Dice } from './dice.ts';
import { mutated } from './mutation.ts';
import { type Preface, preface } from './preface.ts';

/** `go on`: the next segment at once. `turn`: after a turn of the event loop. `listen`: once all that is owed was heard. */
export type Pause = 'go on' | 'turn' | 'listen';

export interface Segment {
  /** One character an octet. */
  readonly octets: string;
  readonly pause: Pause;
}

export interface Dialogue {
  /** What a proxy says first. `null`: there is none. */
  readonly preface: Preface | null;
  /** `listen`: waits for the greeting. `talk`: does not. */
  readonly first: 'listen' | 'talk';
  readonly segments: readonly Segment[];
  /** `finish`: says that it has nothing more to say, and listens. `vanish`: cuts the connection. `stay`: listens. */
  readonly end: 'finish' | 'vanish' | 'stay';
}

/** What a dialogue should know of the listener, so that most of it makes sense there. */
export interface Traits {
  readonly protocol: 'smtp' | 'lmtp';
  /** A line of AUTH that logs in; `null` where there is none. */
  readonly login: string | null;
  readonly chunking: boolean;
  /** Whether clients who say nothing are sent away before long. */
  readonly impatient: boolean;
  /** Whether every client comes through a proxy. */
  readonly proxied: boolean;
  /** Whether content is large now and then: so large that it waits on disk. */
  readonly large: boolean;
  /** Whether binary content is taken (RFC 3030). */
  readonly binary: boolean;
}

/** Makes one. `transcripts`: what clients say in dialogues that make sense, line by line. */
export function dialogue(dice: Dice, traits: Traits, transcripts: readonly (readonly string[])[]): Dialogue {
  const units = dice.chance(0.25) ? mutated(dice, dice.pick(transcripts)) : script(dice, traits);
  const said = segments(dice, units);
  const end = dice.chance(0.15) ? 'vanish' : traits.impatient && dice.chance(0.3) ? 'stay' : 'finish';
  const cut = end === 'vanish' || dice.chance(0.1) ? dice.between(0, said.length) : said.length;
  const before = traits.proxied ? preface(dice) : null;
  return { preface: before, first: dice.chance(0.97) ? 'listen' : 'talk', segments: said.slice(0, cut), end };
}

/** A session in lines and contents, mostly in a good order. */
function script(dice: Dice, traits: Traits): readonly string[] {
  const line = (text: string) => `${text}${commandEnd(dice)}`;
  const hello = traits.protocol === 'lmtp' ? 'LHLO client.test' : greet(dice);
  const units = [line(dice.chance(0.95) ? hello : anyCommand(dice))];
  if (traits.login !== null && dice.chance(0.7)) units.push(line(traits.login));
  for (let left = dice.between(0, 3); left > 0; left -= 1) units.push(...transaction(dice, traits, line));
  if (dice.chance(0.4)) units.push(line('QUIT'));
  return disturbed(dice, units, line);
}

function transaction(dice: Dice, traits: Traits, line: (text: string) => string): readonly string[] {
  const binary = traits.binary && dice.chance(0.5);
  const from = `${mailFrom(dice)}${binary ? ' BODY=BINARYMIME' : ''}`;
  const envelope = [from, ...dice.times(dice.between(1, 3), () => rcptTo(dice))].map(line);
  const bdat = dice.chance(binary ? 0.95 : traits.chunking ? 0.4 : 0.03);
  if (traits.large && dice.chance(0.05)) return [...envelope, line('DATA'), largeContent(dice)];
  if (bdat) return [...envelope, ...chunks(dice, binary ? binaryContent : chunkOctets)];
  return [...envelope, line('DATA'), dice.chance(0.5) ? plainContent(dice) : anyContent(dice)];
}

/** Content cut into chunks, each behind the command that announces it (RFC 3030 section 2). */
function chunks(dice: Dice, content: (dice: Dice) => string): readonly string[] {
  const count = dice.between(1, 3);
  return dice
    .times(count, () => content(dice))
    .map((octets, index) => {
      const last = index === count - 1 ? ' LAST' : '';
      const told = dice.chance(0.97) ? octets.length : dice.between(0, octets.length + 3);
      return `BDAT ${told}${last}\r\n${octets}`;
    });
}

/** Drops, doubles, swaps and adds: in a third of the scripts nothing at all. */
function disturbed(dice: Dice, units: readonly string[], line: (text: string) => string): readonly string[] {
  const result = [...units];
  const count = dice.weighted([
    [3, 0],
    [3, 1],
    [3, dice.between(2, 6)],
  ]);
  for (let left = count; left > 0; left -= 1) {
    const at = dice.below(result.length + 1);
    switch (dice.below(8)) {
      case 0:
        result.splice(at, 1);
        break;
      case 1:
        result.splice(at, 0, ...result.slice(at, at + 1));
        break;
      case 2:
        result.splice(at, 2, ...result.slice(at, at + 2).toReversed());
        break;
      case 3:
        result.splice(at, 0, line(authAnswer(dice)));
        break;
      default:
        result.splice(at, 0, line(anyCommand(dice)));
    }
  }
  return result;
}

/** Cuts what is said into segments. */
function segments(dice: Dice, units: readonly string[]): readonly Segment[] {
  const all = units.join('');
  const each = (pieces: readonly string[], pause: () => Pause) => pieces.map(octets => ({ octets, pause: pause() }));
  switch (dice.below(8)) {
    case 0:
    case 1:
    case 2:
      return each(units, () => 'listen');
    case 3:
      return each([all], () => 'go on');
    case 4:
      return each(units, () => dice.pick(['go on', 'turn', 'listen'] as const));
    case 5:
      return each(all.length < 800 ? all.split('') : [all], () => dice.pick(['turn', 'turn', 'listen'] as const));
    default:
      return each(pieces(dice, all), () => dice.pick(['go on', 'turn', 'turn', 'listen'] as const));
  }
}

/** At most a dozen pieces, cut anywhere; cuts beside CR, LF and dots are the likeliest. */
function pieces(dice: Dice, all: string): readonly string[] {
  const seams = [...all.matchAll(/[\r\n.]/g)].map(({ index }) => index);
  const cut = () =>
    seams.length > 0 && dice.chance(0.7) ? dice.pick(seams) + dice.below(2) : dice.below(all.length + 1);
  const cuts = [0, ...dice.times(dice.between(1, 11), cut).toSorted((one, other) => one - other), all.length];
  return cuts.slice(1).map((end, index) => all.slice(cuts[index], end));
}
