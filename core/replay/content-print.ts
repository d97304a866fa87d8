/** What content looks like from afar: digests that are alike where nothing but chance made it different. */
import { createHash } from 'node:crypto';
import type { Content } from '../mail/content.ts';
import type { Trace } from '../mail/trace.ts';
import { parseHeader } from '../mime/header.ts';
import { maskedChange } from './masked.ts';
import type { ContentPrint } from './outcome.ts';

/** Session keys, and the salt of signatures: the same text never gives the same block twice. */
const BY_CHANCE = /-----BEGIN PGP (SIGNATURE|MESSAGE|SIGNED MESSAGE)-----[^]*?-----END PGP (?:SIGNATURE|MESSAGE)-----/g;

/** `trace`: the steps that made it. */
export async function contentPrint(content: Content, trace: Trace): Promise<ContentPrint> {
  const octets = withoutOurField(await content.bytes());
  const steps = trace.filter(({ mode, changes }) => mode === 'enforce' && changes.length > 0);
  const text = octets.includes('-----BEGIN PGP ') ? octets.toString('latin1').replaceAll(BY_CHANCE, '[PGP $1]') : null;
  const digest = digestOf(octets);
  return {
    digest,
    withoutChance: text === null ? digest : digestOf(Buffer.from(text, 'latin1')),
    edits: steps.flatMap(({ plugin, changes }) =>
      changes.map(({ what }) => ({ what: maskedChange(what), by: plugin })),
    ),
  };
}

/** The topmost Received field names this gateway and the time. */
function withoutOurField(octets: Buffer): Buffer {
  const field = parseHeader(octets).named('Received')[0];
  if (field === undefined) return octets;
  return Buffer.concat([octets.subarray(0, field.start), octets.subarray(field.end)]);
}

function digestOf(octets: Buffer): string {
  return createHash('sha256').update(octets).digest('base64');
}
