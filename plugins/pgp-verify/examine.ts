/** Examines a mail: what is there of OpenPGP, what each signature proves, and what that makes of the mail. */
import { type Content, formatSize, parseTree } from '../../core/index.ts';
import { authorOf, type KeySource } from '../../core/openpgp/index.ts';
import { type Case, judgeSignatures, malformed } from './judge-signature.ts';
import { type Finding, type Judgement, judgementOf, unchecked } from './judgement.ts';
import { type Sighting, sightings } from './survey.ts';

/** What a mail is held against. */
export interface Standards {
  readonly keys: KeySource;
  readonly now: Date;
  /** Larger mails are not looked into. In octets. */
  readonly maxSize: number;
}

/** More signed texts are looked at in no mail: each costs a hash over its octets. */
const MOST_SIGHTINGS = 64;

/** Says what holds of a mail. Never fails for what the mail holds. */
export async function examine(content: Content, standards: Standards): Promise<Judgement> {
  if (content.size > standards.maxSize) return unchecked(`it is larger than ${formatSize(standards.maxSize)}`);
  const tree = parseTree(await content.bytes());
  if (tree.kind === 'too-complex') return unchecked(`it goes beyond the limit for ${tree.what}, ${tree.limit}`);
  const author = authorOf(tree.root.header);
  const findings: Finding[] = [];
  for (const sighting of sightings(tree.root)) {
    if (findings.length === MOST_SIGHTINGS) return unchecked(`it holds more than ${MOST_SIGHTINGS} OpenPGP parts`);
    findings.push(await findingOf(sighting, { ...standards, author }));
  }
  return judgementOf(findings, author);
}

/** What becomes of a sighting when its signatures are judged. */
export async function findingOf(sighting: Sighting, about: Omit<Case, 'octets'>): Promise<Finding> {
  switch (sighting.kind) {
    case 'encrypted':
      return sighting;
    case 'malformed':
      return { ...sighting, kind: 'signed', signatures: [malformed(sighting.because)] };
    case 'signed': {
      const { at, whole, octets, signature } = sighting;
      return { kind: 'signed', at, whole, signatures: await judgeSignatures(signature, { ...about, octets }) };
    }
    default:
      return sighting satisfies never;
  }
}
