/**
 * What our plugins found out about a mail, and about which of its parts.
 *
 * The facts come from the trace of a mail that was taken, or from plugins that are asked now. What was changed after a
 * verdict is said with it: the verdict is about the mail as it was then.
 */
import type { Facts, FactValue } from '../mail/facts.ts';
import type { Trace } from '../mail/trace.ts';
import type { ReadMessage } from './message.ts';

/** One verdict. */
export interface Verdict {
  /** The name of the fact: `pgp`. */
  readonly name: string;
  readonly value: FactValue;
  /** What else was stated under that name: `signer`, `key`. */
  readonly details: Facts;
  /** In words. May hold what a stranger wrote. */
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'neutral';
  /** The part that it is about; `null`: the mail, or nobody can tell. */
  readonly path: string | null;
  /** The id of the plugin, or `null` where that is not known. */
  readonly by: string | null;
  /** What changed the mail after it, in words. */
  readonly changedSince: readonly string[];
}

/** The verdicts, by name. */
export function verdictsOf(facts: Facts, trace: Trace, message: ReadMessage): readonly Verdict[] {
  const groups = new Map<string, Record<string, FactValue>>();
  for (const [fact, value] of Object.entries(facts)) {
    const [name = fact, ...rest] = fact.split('.');
    const group = groups.get(name) ?? {};
    group[rest.join('.')] = value;
    groups.set(name, group);
  }
  return [...groups].map(([name, { '': value = '', ...details }]) => {
    const step = trace.findLastIndex(({ facts: stated }) => Object.keys(stated).some(one => isUnder(one, name)));
    const about = { name, value, details, by: trace[step]?.plugin ?? null };
    const changedSince = step === -1 ? [] : changesAfter(trace, step);
    if (name === 'pgp') return { ...about, ...pgpVerdict(value, details, message), changedSince };
    return { ...about, text: plainText(value, details), tone: 'neutral', path: null, changedSince };
  });
}

function isUnder(fact: string, name: string): boolean {
  return fact === name || fact.startsWith(`${name}.`);
}

function changesAfter(trace: Trace, step: number): readonly string[] {
  return trace
    .slice(step + 1)
    .filter(({ hook }) => hook === 'data' || hook === 'queue')
    .flatMap(({ plugin, changes }) =>
      changes.map(
        ({ what, breaks }) => `${plugin} ${what}${breaks.length === 0 ? '' : `, which breaks ${breaks.join(' and ')}`}`,
      ),
    );
}

function plainText(value: FactValue, details: Facts): string {
  const rest = Object.entries(details).map(([name, one]) => `${name} ${inWords(one)}`);
  return [...(value === '' ? [] : [inWords(value)]), ...rest].join(', ');
}

function inWords(value: FactValue): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

const PGP_IN_WORDS: Readonly<Record<string, string>> = {
  none: 'no OpenPGP signature',
  good: 'a good signature',
  partial: 'a good signature over a part of the mail alone',
  untrusted: 'a signature that holds, by a key for which nobody vouches',
  bad: 'a BAD signature: what is signed was changed, or is not what was signed',
  revoked: 'a signature by a key that was revoked',
  expired: 'a signature that has expired, or whose key has',
  'unknown-key': 'a signature by a key that nobody here has',
  encrypted: 'encrypted: a signature inside cannot be seen',
  unchecked: 'a signature that was not checked',
  malformed: 'something that is to be a signature and is none',
};

/** The verdict of pgp-verify. Good is only what the author has signed, and all of it. */
function pgpVerdict(value: FactValue, details: Facts, message: ReadMessage): Pick<Verdict, 'text' | 'tone' | 'path'> {
  const { aligned, coverage, key, signer, trust, source } = details;
  const words = [PGP_IN_WORDS[String(value)] ?? inWords(value)];
  if (typeof signer === 'string') words.push(`by ${signer}${aligned === false ? ', who is NOT the author' : ''}`);
  if (typeof key === 'string') words.push(`key ${key}`);
  if (typeof trust === 'string') words.push(`trust ${trust}`);
  if (typeof source === 'string') words.push(`from ${source}`);
  if (coverage === 'part' && value !== 'partial') words.push('over a part of the mail alone');
  const isGood = value === 'good' && aligned !== false && coverage !== 'part';
  const isBad = value === 'bad' || value === 'revoked';
  return { text: words.join(', '), tone: isGood ? 'good' : isBad ? 'bad' : 'neutral', path: placeOf(message) };
}

/** Where the one OpenPGP signature of the mail stands; `null` where there are several, or none. */
function placeOf({ signatures }: ReadMessage): string | null {
  const [found, ...others] = signatures.filter(({ kind }) => kind === 'OpenPGP');
  return found === undefined || others.length > 0 ? null : found.path;
}
