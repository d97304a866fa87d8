/**
 * Queue ids: short, sorted by time, never given twice by one process and never guessed to exist twice by two.
 *
 * Ten characters of the clock in milliseconds, eight of randomness, in Crockford's base 32: 40 random bits, counted up
 * within a millisecond. A clock that goes back does not take the ids with it.
 */
import type { Clock, Random } from '../plugin/ports.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 8;
const RANDOM_OCTETS = 5;
const RANDOM_BOUND = 32 ** RANDOM_LENGTH;
/** With the number of the group where a transaction became several mails. */
const FORM = new RegExp(`^[${ALPHABET}]{${TIME_LENGTH + RANDOM_LENGTH}}(?:\\.\\d+)?$`);

/** Makes the source of ids of one process. */
export function queueIds({ clock, random }: { readonly clock: Clock; readonly random: Random }): () => string {
  let time = -1;
  let tail = 0;
  return () => {
    const now = clock.now().getTime();
    if (now <= time) {
      tail += 1;
    } else {
      time = now;
      tail = random.bytes(RANDOM_OCTETS).readUIntBE(0, RANDOM_OCTETS);
    }
    if (tail === RANDOM_BOUND) {
      time += 1;
      tail = 0;
    }
    return base32(time, TIME_LENGTH) + base32(tail, RANDOM_LENGTH);
  };
}

/** When an id was made, in milliseconds since the epoch; or `null` where the text is no id of ours. */
export function timeOfQueueId(id: string): number | null {
  if (!FORM.test(id)) return null;
  return Array.from(id.slice(0, TIME_LENGTH)).reduce((time, digit) => time * 32 + ALPHABET.indexOf(digit), 0);
}

function base32(number: number, length: number): string {
  let text = '';
  for (let rest = number; text.length < length; rest = Math.floor(rest / 32)) {
    text = ALPHABET.charAt(rest % 32) + text;
  }
  return text;
}
