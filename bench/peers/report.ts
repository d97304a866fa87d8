/** What a run says: for every load a row a system, and what its ratios are worth. */
import { duration, median, octets, percentile, shown } from '../compare.ts';
import type { Load, SystemName } from './load.ts';
import type { Measured, Result } from './measure.ts';

/** What came of one load. */
export interface LoadReport {
  readonly load: Load;
  readonly results: readonly Result[];
  readonly ratios: readonly Ratio[];
}

/** The gateway's rate in those of a peer. */
export interface Ratio {
  readonly to: SystemName;
  /** The median of the ratios of each round. */
  readonly ratio: number;
  readonly target: number | null;
}

export function reportOf(load: Load, results: readonly Result[]): LoadReport {
  return {
    load,
    results,
    ratios: ratiosOf(
      load,
      results.filter(result => result.kind === 'measured'),
    ),
  };
}

function ratiosOf({ targets }: Load, measured: readonly Measured[]): readonly Ratio[] {
  const ours = measured.find(({ name }) => name === 'mailframe');
  if (ours === undefined) return [];
  const ratio = (theirs: Measured) =>
    median(ours.rates.map((rate, index) => rate / (theirs.rates[index] ?? Number.NaN)));
  const peers = measured.filter(({ name }) => name !== 'mailframe');
  const hard = hardest(peers.filter(({ name }) => name.startsWith('haraka')));
  return peers.map(peer => {
    const target = peer.name === 'postfix' ? targets.postfix : peer === hard ? targets.haraka : undefined;
    return { to: peer.name, ratio: ratio(peer), target: target ?? null };
  });
}

/** Of the two ways to run Haraka, the one that an administrator would choose. */
function hardest(peers: readonly Measured[]): Measured | undefined {
  return peers.toSorted((one, other) => median(other.rates) - median(one.rates))[0];
}

const HEADINGS = [
  '',
  'a second',
  'lowest to highest',
  'mailframe is',
  'to reach',
  'accept p50',
  'p99',
  'memory',
  'CPU each',
];

/** For people. */
export function tableOf({ load, results, ratios }: LoadReport): string {
  const rows = results.map(result => {
    if (result.kind === 'broken') return [result.name, `broken: ${result.because.split('\n')[0]}`];
    const { name, rates, acceptance, memory, cpu } = result;
    const ratio = ratios.find(({ to }) => to === name);
    return [
      name,
      shown(median(rates)),
      `${shown(Math.min(...rates))} to ${shown(Math.max(...rates))}`,
      ratio === undefined ? '' : `${ratio.ratio.toFixed(2)} x`,
      verdict(ratio),
      duration(percentile(acceptance, 50)),
      duration(percentile(acceptance, 99)),
      octets(memory),
      duration(cpu),
    ];
  });
  return [`${load.name}: ${load.title}`, ...aligned([HEADINGS, ...rows])].join('\n');
}

function verdict(ratio: Ratio | undefined): string {
  if (ratio === undefined || ratio.target === null) return '';
  return `${ratio.target} x ${ratio.ratio >= ratio.target ? 'reached' : 'MISSED'}`;
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map(row => (row.length > 2 || column === 0 ? (row[column]?.length ?? 0) : 0))),
  );
  return rows.map(row => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
