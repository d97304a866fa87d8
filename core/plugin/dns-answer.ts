/** Two rules about DNS answers that the resolver and its fake share. */
import type { DnsAnswer } from './dns.ts';

/** The answer with each record changed. */
export function mapRecords<A, B>(answer: DnsAnswer<A>, change: (record: A) => B): DnsAnswer<B> {
  return answer.kind === 'found' ? { kind: 'found', records: answer.records.map(change) } : answer;
}

/**
 * One answer out of those for A and for AAAA. What is found counts even where the other half is unavailable; "there is
 * none" is only said when both halves say so.
 */
export function eitherFamily<T>(v4: DnsAnswer<T>, v6: DnsAnswer<T>): DnsAnswer<T> {
  const found = [v4, v6].flatMap(answer => (answer.kind === 'found' ? answer.records : []));
  if (found.length > 0) return { kind: 'found', records: found };
  if (v4.kind === 'unavailable') return v4;
  if (v6.kind === 'unavailable') return v6;
  return v4.kind === 'no-records' ? v4 : v6;
}
