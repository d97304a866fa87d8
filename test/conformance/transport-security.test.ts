/** MTA-STS policies and TLS reports that others wrote: read as they read them, and written back with the same content. */
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'vitest';
import { formatTlsJson, parseTlsReport } from '../../core/system/tls-report-text.ts';
import { matchesPattern, parseStsPolicy } from '../../plugins/mx-routing/sts-policy.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { compared, tally } from '../support/tally.ts';

interface Cases {
  readonly policies: readonly {
    readonly source: string;
    readonly text: string;
    readonly mode: string;
    readonly mx: readonly string[];
    readonly maxAge: number;
  }[];
  readonly nameMatch: readonly (readonly [host: string, pattern: string, match: boolean])[];
}

describeWithCorpus('transport security', () => {
  test('policies of MTA-STS and the hosts that they name', () => {
    const cases = JSON.parse(readFileSync(corpus('transport-sec', 'mta-sts', 'cases.json'), 'utf8')) as Cases;
    tally('transport-sec/mta-sts', [
      ...cases.policies.map(({ source, text, mode, mx, maxAge }) =>
        compared(source, parseStsPolicy(text), { mode, mx, maxAge }),
      ),
      ...cases.nameMatch.map(([host, pattern, match]) =>
        compared(`${host} by ${pattern}`, matchesPattern(pattern, host), match),
      ),
    ]);
  });

  test('TLS reports', () => {
    const folder = corpus('transport-sec', 'stalwart-tlsrpt', 'tlsrpt');
    tally(
      'transport-sec/stalwart-tlsrpt',
      readdirSync(folder).map(name => {
        const text = readFileSync(`${folder}/${name}`, 'utf8');
        return compared(name, sorted(JSON.parse(formatTlsJson(parseTlsReport(text)))), sorted(JSON.parse(text)));
      }),
    );
  });
});

/** The order of keys means nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
