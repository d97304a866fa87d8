/** Makes a dialogue that shows a violation as small as it goes, by trying smaller ones. */
import type { Dialogue, Segment } from './dialogue.ts';

/** In milliseconds. Smaller is nicer, and no more than that. */
const LONGEST = 20_000;

/** `fails`: whether a dialogue still shows it. */
export async function shrink(dialogue: Dialogue, fails: (it: Dialogue) => Promise<boolean>): Promise<Dialogue> {
  const end = performance.now() + LONGEST;
  let best = dialogue;
  for (let found = true; found; ) {
    found = false;
    for (const candidate of smaller(best)) {
      if (performance.now() > end) return best;
      if (!(await fails(candidate))) continue;
      best = candidate;
      found = true;
      break;
    }
  }
  return best;
}

/** From the boldest to the most timid. */
function* smaller(dialogue: Dialogue): Generator<Dialogue> {
  const { segments } = dialogue;
  const as = (changed: readonly Segment[]): Dialogue => ({ ...dialogue, segments: changed });
  if (segments.length > 1) yield as([{ octets: segments.map(one => one.octets).join(''), pause: 'go on' }]);
  for (let size = segments.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= segments.length; at += size) yield as(segments.toSpliced(at, size));
  }
  for (const [index, segment] of segments.entries()) {
    const { octets } = segment;
    for (const lines of fewerLines(octets)) yield as(segments.with(index, { ...segment, octets: lines }));
  }
}

/** The text without some of its lines, and without some of their octets. */
function* fewerLines(octets: string): Generator<string> {
  const lines = octets.split(/(?<=\n)/);
  for (let size = lines.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= lines.length; at += size) yield lines.toSpliced(at, size).join('');
  }
  for (let size = octets.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= octets.length && octets.length < 400; at += size)
      yield octets.slice(0, at) + octets.slice(at + size);
  }
}
