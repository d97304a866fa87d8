/** Text as a reader sees it, and where each character of it is written: character references, lines that flow. */
import { decodeHTML, decodeHTMLAttribute } from 'entities/decode';

/** A text and its places in another one. */
export interface ShownText {
  readonly text: string;
  /** Where the character of that index starts. */
  readonly startOf: (index: number) => number;
  /** Where what is shown up to that index ends. */
  readonly endOf: (index: number) => number;
}

/** Letters and digits behind an ampersand; what of it is a reference, the decoder knows. */
const REFERENCE = /&#?[A-Za-z0-9]+;?=?/g;
/** A soft line break under `delSp`, with the quotation marks and the stuffed blank of the next line. */
const SOFT_BREAK = /(?<!(?:^|\n)>* ?--) \r?\n>* ?/g;

/** A piece of a text that is shown as it is written. */
export function asWritten(text: string, start: number, end: number): ShownText {
  return { text: text.slice(start, end), startOf: index => start + index, endOf: index => start + index };
}

/** Text of HTML with its character references decoded, where places do not matter. */
export function decodeReferences(text: string): string {
  return decodeHTML(text);
}

/** A piece of HTML with its character references decoded, by the rules for text or for values of attributes. */
export function withoutReferences(html: string, start: number, end: number, where: 'text' | 'attribute'): ShownText {
  const source = html.slice(start, end);
  if (!source.includes('&')) return asWritten(html, start, end);
  const decode = where === 'text' ? decodeHTML : decodeHTMLAttribute;
  const places: number[] = [];
  let text = '';
  let at = 0;
  const show = (shown: string, placeOf: (index: number) => number) => {
    for (let index = 0; index < shown.length; index += 1) places.push(placeOf(index));
    text += shown;
  };
  const showAsWritten = (from: number, to: number) => show(source.slice(from, to), index => start + from + index);
  for (const { 0: written, index } of source.matchAll(REFERENCE)) {
    const decoded = decode(written);
    if (decoded === written) continue;
    const kept = commonEnd(written, decoded);
    showAsWritten(at, index);
    show(decoded.slice(0, decoded.length - kept), () => start + index);
    at = index + written.length - kept;
  }
  showAsWritten(at, source.length);
  places.push(end);
  return { text, startOf: index => places[index] ?? end, endOf: index => places[index] ?? end };
}

function commonEnd(one: string, other: string): number {
  let length = 0;
  while (length < Math.min(one.length, other.length) && one.at(-1 - length) === other.at(-1 - length)) length += 1;
  return length;
}

/** Flowed text under `delSp`: what a soft break parts is shown as one (RFC 3676 section 4.1). */
export function withoutSoftBreaks(text: string): ShownText {
  const cuts: { readonly shown: number; readonly written: number }[] = [{ shown: 0, written: 0 }];
  let shown = '';
  let at = 0;
  for (const { 0: written, index } of text.matchAll(SOFT_BREAK)) {
    shown += text.slice(at, index);
    at = index + written.length;
    cuts.push({ shown: shown.length, written: at });
  }
  const startOf = (index: number) => {
    let [low, high] = [0, cuts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cuts[middle]?.shown ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    const cut = cuts[low - 1] ?? { shown: 0, written: 0 };
    return cut.written + index - cut.shown;
  };
  return { text: shown + text.slice(at), startOf, endOf: index => (index === 0 ? 0 : startOf(index - 1) + 1) };
}
