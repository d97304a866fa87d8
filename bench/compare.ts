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

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** A number as people read it. */
export function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
