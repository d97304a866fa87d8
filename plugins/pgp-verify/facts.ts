/** The facts that pgp-verify states of every mail, and those it adds where there is a signature. */
import { defineFact, type Fact, type Facts, type FactValue, formatMailbox, NO_FACTS, z } from '../../core/index.ts';
import { ORIGINS, VALIDITIES } from '../../core/openpgp/index.ts';
import { type Judgement, VERDICTS } from './judgement.ts';

export const PGP = defineFact('pgp', z.enum(VERDICTS));
/** Whether the signer is the one author of the mail. Always stated, so that `not` can be asked. */
export const PGP_ALIGNED = defineFact('pgp.aligned', z.boolean());
export const PGP_COVERAGE = defineFact('pgp.coverage', z.enum(['whole', 'part', 'none']));
export const PGP_ENCRYPTED = defineFact('pgp.encrypted', z.boolean());
/** The key id that the signature claims: 16 hexadecimal digits. */
export const PGP_KEY = defineFact('pgp.key', z.string());
/** The fingerprint of the primary key that made the signature. */
export const PGP_FINGERPRINT = defineFact('pgp.fingerprint', z.string());
/** The signer's address. Stated only where the signature is good. */
export const PGP_SIGNER = defineFact('pgp.signer', z.string());
/** Where the key comes from that made the signature. */
export const PGP_SOURCE = defineFact('pgp.source', z.enum(ORIGINS));
/** What the web of trust says of whose key it is. Stated only where there is one, and the signature holds. */
export const PGP_TRUST = defineFact('pgp.trust', z.enum(VALIDITIES));
/** Through whom the key is trusted, from one of our own keys on. */
export const PGP_THROUGH = defineFact('pgp.through', z.array(z.string()).readonly());

export const PGP_FACTS = [
  PGP,
  PGP_ALIGNED,
  PGP_COVERAGE,
  PGP_ENCRYPTED,
  PGP_KEY,
  PGP_FINGERPRINT,
  PGP_SIGNER,
  PGP_SOURCE,
  PGP_TRUST,
  PGP_THROUGH,
] as const;

/** A judgement as facts. */
export function factsOf({ verdict, aligned, coverage, encrypted, signature, signer, belief }: Judgement): Facts {
  return {
    ...PGP.is(verdict),
    ...PGP_ALIGNED.is(aligned),
    ...PGP_COVERAGE.is(coverage),
    ...PGP_ENCRYPTED.is(encrypted),
    ...known(PGP_KEY, signature?.keyId),
    ...known(PGP_FINGERPRINT, signature?.fingerprint),
    ...known(PGP_SIGNER, signer === null ? null : formatMailbox(signer)),
    ...known(PGP_SOURCE, signature?.origin),
    ...known(PGP_TRUST, belief?.validity),
    ...known(PGP_THROUGH, belief?.through.length === 0 ? null : belief?.through),
  };
}

function known<T extends FactValue>(fact: Fact<T>, value: NoInfer<T> | null | undefined): Facts {
  return value === null || value === undefined ? NO_FACTS : fact.is(value);
}
