/**
 * The verdict on a whole mail, made of what was found in its parts.
 *
 * Guarantee: `good` only where one good signature covers all that a reader is shown: the whole body, and not as a part of
 * something larger. A good signature on anything less is `partial`. Of several parts the worst one speaks.
 */
import type { Mailbox } from '../../core/index.ts';
import { type Belief, mailboxOf, type OwnerName, samePerson } from '../../core/openpgp/index.ts';
import type { JudgedSignature, SignatureVerdict } from './judge-signature.ts';

/** The verdicts on a mail. */
export const VERDICTS = [
  'none',
  'good',
  'partial',
  'untrusted',
  'bad',
  'revoked',
  'expired',
  'unknown-key',
  'malformed',
  'encrypted',
  'unchecked',
] as const;

export type Verdict = (typeof VERDICTS)[number];

/** Something of OpenPGP in a mail. */
export type Finding =
  | {
      readonly kind: 'signed';
      /** Where: `1` is the whole body, `1.2` its second part, `1.2.m` the message in it, `1#2` the second block of a text. */
      readonly at: string;
      /** Whether all that a reader is shown is covered. */
      readonly whole: boolean;
      readonly signatures: readonly JudgedSignature[];
    }
  /** `closed`: why it was not opened, `null` where it was. */
  | { readonly kind: 'encrypted'; readonly at: string; readonly closed: string | null };

/** What is said of a mail. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Why, for a person. */
  readonly because: string;
  /** The signature that decided. */
  readonly signature: JudgedSignature | null;
  /** How much of the body the signature speaks of. */
  readonly coverage: 'whole' | 'part' | 'none';
  /** Whether something in it is encrypted. */
  readonly encrypted: boolean;
  /** The signer: the author where the key is his, else the first address of the key. `null` unless the signature is good. */
  readonly signer: Mailbox | null;
  /** Whether the signer is the author. */
  readonly aligned: boolean;
  /** What the web of trust says of that name, or where the signature is `untrusted`, of the best name that the key claims. */
  readonly belief: Belief | null;
}

/** From bad to worse, without `good`. */
const WORST_FIRST: readonly SignatureVerdict[] = ['bad', 'malformed', 'revoked', 'expired', 'unknown-key', 'untrusted'];

/** Says what holds of a mail. `author`: `null` where the mail does not clearly say one. */
export function judgementOf(findings: readonly Finding[], author: Mailbox | null): Judgement {
  const sealed = findings.filter(finding => finding.kind === 'encrypted');
  const encrypted = sealed.length > 0;
  const signed = findings.filter(finding => finding.kind === 'signed');
  const decided = signed.map(finding => ({ whole: finding.whole, signature: deciding(finding.signatures, author) }));
  const worst = decided.toSorted((one, other) => rank(one.signature) - rank(other.signature))[0];
  if (worst === undefined) return unsigned(encrypted, sealed.find(({ closed }) => closed !== null)?.closed ?? null);
  const { signature, whole } = worst;
  const good = signature.verdict === 'good';
  const own = nameOf(signature, author);
  const name = own ?? signature.names.find(({ userId }) => mailboxOf(userId) !== null) ?? signature.names[0];
  const because = good && !whole ? 'the signature is good, but covers only a part' : signature.because;
  return {
    verdict: good && !whole ? 'partial' : signature.verdict,
    because: good ? because + trustIn(name) : because,
    signature,
    coverage: whole ? 'whole' : 'part',
    encrypted,
    signer: good && name !== undefined ? mailboxOf(name.userId) : null,
    aligned: good && own !== undefined,
    belief: good || signature.verdict === 'untrusted' ? (name?.belief ?? null) : null,
  };
}

/** The name of a signer that is the author's. */
function nameOf({ names }: JudgedSignature, author: Mailbox | null): OwnerName | undefined {
  return names.find(({ userId }) => {
    const mailbox = mailboxOf(userId);
    return author !== null && mailbox !== null && samePerson(mailbox, author);
  });
}

/** How one knows whose key it is, for a person. */
function trustIn(name: OwnerName | undefined): string {
  const through = name?.belief?.through ?? [];
  return through.length === 0 ? '' : `, the key is trusted through ${through.join(', ')}`;
}

/** What is said of a mail that was not looked into. */
export function unchecked(because: string): Judgement {
  return { ...unsigned(false, null), verdict: 'unchecked', because };
}

/** `closed`: why something in it was not opened. */
function unsigned(encrypted: boolean, closed: string | null): Judgement {
  return {
    verdict: closed === null ? 'none' : 'encrypted',
    because: closed === null ? 'it is not signed' : `it is encrypted, and ${closed}`,
    signature: null,
    coverage: 'none',
    encrypted,
    signer: null,
    aligned: false,
    belief: null,
  };
}

/**
 * The signature that speaks for all that were made over the same text. One bad signature makes all doubtful; else one good
 * one is enough, the author's first; else the worst.
 */
function deciding(signatures: readonly JudgedSignature[], author: Mailbox | null): JudgedSignature {
  const bad = signatures.find(({ verdict }) => verdict === 'bad');
  const good = signatures.filter(({ verdict }) => verdict === 'good');
  const byAuthor = good.find(signature => nameOf(signature, author) !== undefined);
  const chosen = bad ?? byAuthor ?? good[0] ?? signatures.toSorted((one, other) => rank(one) - rank(other))[0];
  if (chosen === undefined) throw new Error('a signed part without a signature');
  return chosen;
}

function rank({ verdict }: JudgedSignature): number {
  const at = WORST_FIRST.indexOf(verdict);
  return at === -1 ? WORST_FIRST.length : at;
}
