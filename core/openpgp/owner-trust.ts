/**
 * Owner trust: how far somebody's certifications of other keys are believed, as `gpg --export-ownertrust` writes it. It says
 * nothing about whether the key itself is the right one, save for `ultimate`: those are our own.
 */

/** How far. What is not listed is not believed, nor is `undefined` or `never`. */
export type OwnerTrust = 'ultimate' | 'full' | 'marginal';

/** By fingerprint, upper case. */
export type OwnerTrusts = ReadonlyMap<string, OwnerTrust>;

const LINE = /^([0-9A-F]{40}|[0-9A-F]{64}):(\d{1,3}):$/i;
/** The lower four bits of GnuPG's number; those above them are flags of its own. */
const KIND = 15;
const KINDS: ReadonlyMap<number, OwnerTrust | null> = new Map([
  [0, null],
  [1, null],
  [2, null],
  [3, null],
  [4, 'marginal'],
  [5, 'full'],
  [6, 'ultimate'],
]);

/**
 * Reads a file of owner trust.
 * @throws Error that names the line which is none
 */
export function parseOwnerTrusts(text: string): OwnerTrusts {
  const trusts = new Map<string, OwnerTrust>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, fingerprint = '', number = ''] = LINE.exec(line.trim()) ?? [];
    const kind = KINDS.get(Number(number) & KIND);
    if (fingerprint === '' || kind === undefined)
      throw new Error(`line ${index + 1} is none of gpg --export-ownertrust: "FINGERPRINT:NUMBER:" is expected`);
    if (kind !== null) trusts.set(fingerprint.toUpperCase(), kind);
  }
  return trusts;
}
