/** Measures two ways of doing the same, in turns. */

/** Does the work so many times. */
export type Work = (times: number) => Promise<void>;

export interface Comparison {
  /** Operations a second, medians. */
  readonly one: number;
  readonly other: number;
  /** `one / other`, the median of the ratios of each round. */
  readonly ratio: number;
}

/** Runs both sides `rounds` times in turn, after one round that does not count. */
export async function compare(
  sides: { readonly one: Work; readonly other: Work },
  { times, rounds = 5 }: { readonly times: number; readonly rounds?: number },
): Promise<Comparison> {
  const rates: { one: number; other: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const one = await rate(sides.one, times);
    const other = await rate(sides.other, times);
    if (round > 0) rates.push({ one, other });
  }
  return {
    one: median(rates.map(round => round.one)),
    other: median(rates.map(round => round.other)),
    ratio: median(rates.map(round => round.one / round.other)),
  };
}

async function rate(work: Work, times: number): Promise<number> {
  const started = performance.now();
  await work(times);
  return (times / (performance.now() - started)) * 1000;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value below which so many out of a hundred lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))] ?? Number.NaN;
}

/** A number as people read it. */
export function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

/** Octets as people read them. */
export function octets(value: number): string {
  if (value >= 2 ** 20) return `${(value / 2 ** 20).toFixed(value >= 100 * 2 ** 20 ? 0 : 1)} MiB`;
  return `${(value / 1024).toFixed(1)} KiB`;
}

/** Milliseconds as people read them. */
export function duration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(3)} s`;
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toPrecision(2)} ms`;
}
