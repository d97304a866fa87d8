/** The facts that pgp-verify states of every mail, and those it adds where there is a signature. */
import { defineFact, type Fact, type Facts, formatMailbox, NO_FACTS, z } from '../../core/index.ts';
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

export const PGP_FACTS = [PGP, PGP_ALIGNED, PGP_COVERAGE, PGP_ENCRYPTED, PGP_KEY, PGP_FINGERPRINT, PGP_SIGNER] as const;

/** A judgement as facts. */
export function factsOf({ verdict, aligned, coverage, encrypted, signature, signer }: Judgement): Facts {
  return {
    ...PGP.is(verdict),
    ...PGP_ALIGNED.is(aligned),
    ...PGP_COVERAGE.is(coverage),
    ...PGP_ENCRYPTED.is(encrypted),
    ...known(PGP_KEY, signature?.keyId),
    ...known(PGP_FINGERPRINT, signature?.fingerprint),
    ...known(PGP_SIGNER, signer === null ? null : formatMailbox(signer)),
  };
}

function known(fact: Fact<string>, value: string | null | undefined): Facts {
  return value === null || value === undefined ? NO_FACTS : fact.is(value);
}
