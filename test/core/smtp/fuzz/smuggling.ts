/**
 * Dialogues that try to smuggle a second mail behind every sequence of CR, LF, NUL and dot (RFC 5321 section 4.1.1.4 knows
 * one end of content alone).
 */

import type { Dialogue, Segment } from './dialogue.ts';
import type { Dice } from './dice.ts';

const ALPHABET = ['\r', '\n', '\0', '.'] as const;
/** For longer sequences: what may stand between as well. */
const WIDER = [...ALPHABET, ' ', 'x', '\t'] as const;

const BEFORE = 'Subject: outer\r\n\r\nbody';
const SMUGGLED =
  'MAIL FROM:<admin@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: smuggled\r\n\r\n\r\n.\r\n';
const END = '\r\n.\r\n';
const ENVELOPE = 'MAIL FROM:<outer@client.test>\r\nRCPT TO:<bob@example.test>\r\n';

/** Every sequence of so many octets. */
export function sequences(length: number): readonly string[] {
  if (length === 0) return [''];
  return sequences(length - 1).flatMap(before => ALPHABET.map(octet => before + octet));
}

/** One of so many octets. */
export function sampled(dice: Dice, length: number): string {
  return dice.times(length, () => dice.pick(WIDER)).join('');
}

/** How the octets of one attempt are cut. */
export interface Cut {
  readonly name: string;
  /** Whether each sequence is cut in several ways. */
  readonly many: boolean;
  /** The content in pieces. */
  pieces(content: string, sequence: string): readonly (readonly string[])[];
}

/** Where the sequence lies, with an octet on either side. */
function around(sequence: string): readonly number[] {
  return Array.from({ length: sequence.length + 3 }, (_, index) => BEFORE.length - 1 + index);
}

export const CUTS: readonly Cut[] = [
  { name: 'in one write', many: false, pieces: content => [[content]] },
  {
    name: 'octet by octet',
    many: false,
    pieces(content, sequence) {
      const [from = 0] = around(sequence);
      const end = from + sequence.length + 8;
      return [[content.slice(0, from), ...content.slice(from, end).split(''), content.slice(end)]];
    },
  },
  {
    name: 'cut at each octet',
    many: true,
    pieces: (content, sequence) => around(sequence).map(at => [content.slice(0, at), content.slice(at)]),
  },
];

/** How the content is sent. */
export type Way = 'DATA' | 'BDAT' | 'chunks';

/**
 * The attempts with these sequences, before a mail to be smuggled and, where that costs little, at the end of the content.
 * Those that end the content in truth have a dialogue each: what follows is commands.
 */
export function smuggling(list: readonly string[], way: Way, cut: Cut): readonly Dialogue[] {
  const end = way === 'DATA' ? END : '';
  const attempts = list.map(sequence => ({
    ends: way === 'DATA' && holdsEnd(sequence),
    segments: (cut.many ? [SMUGGLED] : [SMUGGLED, end]).flatMap(after =>
      cut.pieces(BEFORE + sequence + after, sequence).flatMap(pieces => attempt(pieces, way)),
    ),
  }));
  const harmless = attempts.filter(({ ends }) => !ends).map(({ segments }) => segments);
  const rest = attempts.filter(({ ends }) => ends).map(({ segments }) => [segments]);
  return [...grouped(harmless), ...rest].map(together => ({
    preface: null,
    first: 'listen',
    segments: [{ octets: 'EHLO client.test\r\n', pause: 'listen' }, ...together.flat()],
    end: 'finish',
  }));
}

/** Whether it holds the end of content, wherever in a line it stands. */
export function holdsEnd(sequence: string): boolean {
  return sequence.includes(END);
}

const A_DIALOGUE = 40;

function grouped<T>(list: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(list.length / A_DIALOGUE);
  return Array.from({ length: count }, (_, index) => list.slice(index * A_DIALOGUE, (index + 1) * A_DIALOGUE));
}

function attempt(pieces: readonly string[], way: Way): readonly Segment[] {
  const pause = (index: number) => (index === pieces.length - 1 ? 'listen' : 'turn');
  const reset: Segment = { octets: 'RSET\r\n', pause: 'go on' };
  switch (way) {
    case 'DATA':
      return [
        { octets: `${ENVELOPE}DATA\r\n`, pause: 'listen' },
        ...pieces.map((octets, index): Segment => ({ octets, pause: pause(index) })),
        reset,
      ];
    case 'BDAT': {
      const command = `BDAT ${pieces.join('').length} LAST\r\n`;
      return [
        { octets: ENVELOPE + command, pause: 'turn' },
        ...pieces.map((octets, index): Segment => ({ octets, pause: pause(index) })),
        reset,
      ];
    }
    case 'chunks':
      return [
        { octets: ENVELOPE, pause: 'listen' },
        ...pieces.map((octets, index): Segment => {
          const last = index === pieces.length - 1 ? ' LAST' : '';
          return { octets: `BDAT ${octets.length}${last}\r\n${octets}`, pause: 'go on' };
        }),
        reset,
      ];
  }
}
