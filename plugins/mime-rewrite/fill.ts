/** Texts of rules with something of the part put in. */
import type { PartOutline } from '../../core/index.ts';
import { namesIn } from './places.ts';

/** What `{name}` and the like stand for. */
export type Values = Readonly<Record<string, string>>;

/** A text filled in. What has no value stays as it is written. */
export function fill(template: string, values: Values): string {
  return template.replaceAll(/\{([a-z]+)\}/g, (written, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? written) : written,
  );
}

/** What may be said of a part. Names are strangers' words: one line, and no characters that would turn the text around. */
export function valuesOf(part: PartOutline): Values {
  return {
    name: shown(namesIn(part)[0] ?? 'unnamed'),
    type: shown(`${part.type.type}/${part.type.subtype}`),
    size: inWords(sizeOf(part)),
    part: part.path,
  };
}

/** Bidirectional controls turn `exe.txt` into `txt.exe` for the eye (Unicode Standard Annex 9). */
const UNSHOWN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
const LONGEST_NAME = 200;

export function shown(text: string): string {
  return text.replaceAll(UNSHOWN, ' ').slice(0, LONGEST_NAME);
}

/** What a part stands for, nearly: lines of base64 hold 57 octets in 78. */
function sizeOf({ bodyStart, end, encoding }: PartOutline): number {
  return encoding === 'base64' ? ((end - bodyStart) / 78) * 57 : end - bodyStart;
}

function inWords(octets: number): string {
  if (octets < 1000) return `${Math.round(octets)} bytes`;
  return octets < 1e6 ? `${Math.round(octets / 1e3)} KB` : `${(octets / 1e6).toFixed(1)} MB`;
}
