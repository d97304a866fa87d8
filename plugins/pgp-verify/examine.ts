/** Examines a mail: what is there of OpenPGP, what each signature proves, and what that makes of the mail. */
import { type Content, formatSize, parseTree } from '../../core/index.ts';
import { authorOf, type KeySource, type Opened } from '../../core/openpgp/index.ts';
import { type Case, judgeSignatures, malformed } from './judge-signature.ts';
import { type Finding, type Judgement, judgementOf, unchecked } from './judgement.ts';
import { type Sighting, sightings, sightingsInside } from './survey.ts';

/** Opens an encrypted message. */
export type Opener = (message: Buffer) => Promise<Opened>;

/** What a mail is held against. */
export interface Standards {
  readonly keys: KeySource;
  readonly now: Date;
  /** Larger mails are not looked into. In octets. */
  readonly maxSize: number;
  /** `null`: nothing is opened. */
  readonly open: Opener | null;
}

/** More signed texts are looked at in no mail: each costs a hash over its octets. */
const MOST_SIGHTINGS = 64;
const NOT_OPENED = 'not opened';

/** Says what holds of a mail. Never fails for what the mail holds. */
export async function examine(content: Content, standards: Standards): Promise<Judgement> {
  if (content.size > standards.maxSize) return unchecked(`it is larger than ${formatSize(standards.maxSize)}`);
  const tree = parseTree(await content.bytes());
  if (tree.kind === 'too-complex') return unchecked(`it goes beyond the limit for ${tree.what}, ${tree.limit}`);
  const author = authorOf(tree.root.header);
  const findings: Finding[] = [];
  for (const sighting of sightings(tree.root)) {
    findings.push(...(await findingsOf(sighting, { ...standards, author })));
    if (findings.length > MOST_SIGHTINGS) return unchecked(`it holds more than ${MOST_SIGHTINGS} OpenPGP parts`);
  }
  return judgementOf(findings, author);
}

/** What a sighting is held against. */
export type Circumstances = Omit<Case, 'octets'> & Pick<Standards, 'open'>;

/** What becomes of a sighting when its signatures are judged; of an encrypted one, with what is found inside. */
export async function findingsOf(sighting: Sighting, about: Circumstances): Promise<readonly Finding[]> {
  switch (sighting.kind) {
    case 'encrypted':
      return await opened(sighting, about);
    case 'malformed':
      return [{ ...sighting, kind: 'signed', signatures: [malformed(sighting.because)] }];
    case 'signed': {
      const { at, whole, octets, signature } = sighting;
      return [{ kind: 'signed', at, whole, signatures: await judgeSignatures(signature, { ...about, octets }) }];
    }
    default:
      return sighting satisfies never;
  }
}

type Encrypted = Extract<Sighting, { kind: 'encrypted' }>;

/** A signature in the message itself (RFC 3156 section 6.2) speaks of all of it; else the part in it speaks for itself. */
async function opened(sealed: Encrypted, about: Circumstances): Promise<readonly Finding[]> {
  const { at, whole, covered, holds, message } = sealed;
  if (about.open === null) return [{ kind: 'encrypted', at, closed: NOT_OPENED }];
  const inside: Opened =
    message === null ? { kind: 'closed', because: 'it cannot be read' } : await about.open(message);
  if (inside.kind === 'closed') return [{ kind: 'encrypted', at, closed: inside.because }];
  const { octets, signature } = inside;
  const findings: Finding[] = [{ kind: 'encrypted', at, closed: null }];
  if (signature !== null && !covered) {
    const signatures = await judgeSignatures(signature, { ...about, octets });
    findings.push({ kind: 'signed', at, whole, signatures });
  }
  if (holds === 'part')
    findings.push(...(await insidePart(octets, { ...sealed, covered: covered || signature !== null }, about)));
  return findings;
}

/** What is encrypted once more in there stays closed: no honest mail is. */
async function insidePart(octets: Buffer, place: Encrypted, about: Circumstances): Promise<readonly Finding[]> {
  const tree = parseTree(octets);
  if (tree.kind === 'too-complex') {
    const because = `what is encrypted goes beyond the limit for ${tree.what}, ${tree.limit}`;
    return [{ kind: 'signed', at: place.at, whole: false, signatures: [malformed(because)] }];
  }
  const findings: Finding[] = [];
  for (const sighting of sightingsInside(tree.root, place)) {
    findings.push(...(await findingsOf(sighting, { ...about, open: null })));
    if (findings.length > MOST_SIGHTINGS) break;
  }
  return findings;
}
