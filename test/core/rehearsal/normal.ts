/** What two runs of the same message have in common: times, ids and chance are left out. */
import type { Trace } from '../../../core/mail/trace.ts';

/** What a machine that was not asked says, and all that is another one each time, is left out. */
export function steps(trace: Trace): readonly unknown[] {
  return trace
    .map(({ at: _at, took: _took, detail, facts: { remote, ...facts }, ...step }) => {
      const isRelayed = remote !== undefined && step.hook === 'settle';
      return { ...step, facts, detail: isRelayed || step.hook === 'deliver' ? '…' : detail && normal(detail) };
    })
    .sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** Groups of one mail are delivered side by side: who is first is chance. */
function key(step: { readonly hook: string; readonly asked: string }): string {
  return /^(deliver|settle)$/.test(step.hook) ? `after ${step.hook} ${step.asked}` : 'before';
}

/** Ids, times, boundaries and what is signed are others each time. */
export function normal(text: string): string {
  return text
    .replaceAll(/\b[0-9A-HJKMNP-TV-Z]{18}(?:\.\d+)?\b/g, 'ID')
    .replaceAll(/\w{3}, \d\d? \w{3} \d{4} [\d:]{8} [+-]\d{4}/g, 'DATE')
    .replaceAll(/^(From \S+) .*$/gm, '$1 DATE')
    .replaceAll(/(?:SRS\d=|\+SRS\d=)[\w+/]{4}/g, 'SRS=HASH')
    .replaceAll(/-----BEGIN PGP SIGNATURE-----[^]*?-----END PGP SIGNATURE-----/g, 'SIGNATURE')
    .replaceAll(/[0-9a-f]{32,}/g, 'CHANCE');
}
