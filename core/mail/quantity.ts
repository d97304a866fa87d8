/** Sizes, durations and rates as people write them: `25 MiB`, `5 min`, `100 / min`. A unit is part of the number, so none is ever guessed. */
import type { Rate } from './destination.ts';

const OCTETS: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  sec: 1e3,
  second: 1e3,
  seconds: 1e3,
  min: 60e3,
  minute: 60e3,
  minutes: 60e3,
  h: 3600e3,
  hour: 3600e3,
  hours: 3600e3,
  d: 86_400e3,
  day: 86_400e3,
  days: 86_400e3,
  week: 604_800e3,
  weeks: 604_800e3,
};

const NUMBER = '\\d{1,15}(\\.\\d{1,9})?';
/** A number and its unit, with or without a space between them. */
const QUANTITY = /^(\d{1,15}(?:\.\d{1,9})?) ?([a-z]+)$/i;

/** What a size looks like, for JSON Schema: all that `parseSize` takes. */
export const SIZE_PATTERN = `^${NUMBER} ?(${wordsOf(OCTETS)})$|^\\d{1,15}$`;
/** What a duration looks like, for JSON Schema: all that `parseDuration` takes. */
export const DURATION_PATTERN = `^${NUMBER} ?(${wordsOf(MILLISECONDS)})$`;
/** What a rate looks like, for JSON Schema: all that `parseRate` takes. */
export const RATE_PATTERN = `^\\d{1,9} ?/ ?(${NUMBER} ?)?(${wordsOf(MILLISECONDS)})$`;

/** The units in any case. Patterns of JSON Schema have no flags. */
function wordsOf(units: Readonly<Record<string, number>>): string {
  const inAnyCase = (unit: string) => unit.replace(/[a-z]/g, letter => `[${letter.toUpperCase()}${letter}]`);
  return Object.keys(units).map(inAnyCase).join('|');
}

/** Octets, or `null` where the text is no size. A number without a unit is a number of octets. */
export function parseSize(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : parse(text, OCTETS);
}

/** Milliseconds, or `null` where the text is no duration. A number without a unit is none. */
export function parseDuration(text: string): number | null {
  return parse(text, MILLISECONDS);
}

/** So many in so long: `100 / min`, `1000 / 2 h`. `null` where the text is no rate. */
export function parseRate(text: string): Rate | null {
  const [, written = '', time = ''] = /^(\d{1,9}) ?\/ ?(.+)$/.exec(text) ?? [];
  const count = Number(written);
  const per = parseDuration(/^\d/.test(time) ? time : `1 ${time}`);
  return count > 0 && per !== null && per > 0 ? { count, per } : null;
}

function parse(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, amount, unit = ''] = QUANTITY.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit.toLowerCase()) ? units[unit.toLowerCase()] : undefined;
  if (amount === undefined || factor === undefined) return null;
  const value = Math.round(Number(amount) * factor);
  return Number.isSafeInteger(value) ? value : null;
}

/** `25 MiB`: the largest unit that says it exactly. */
export function formatSize(octets: number): string {
  return format(octets, [
    ['TiB', 2 ** 40],
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
    ['B', 1],
  ]);
}

/** `5 min`: the largest unit that says it exactly. */
export function formatDuration(milliseconds: number): string {
  return format(milliseconds, [
    ['d', 86_400e3],
    ['h', 3600e3],
    ['min', 60e3],
    ['s', 1e3],
    ['ms', 1],
  ]);
}

function format(value: number, units: readonly (readonly [string, number])[]): string {
  const [name, factor] = units.find(([, factor]) => value >= factor && value % factor === 0) ?? units.at(-1) ?? ['', 1];
  return `${value / factor} ${name}`;
}
