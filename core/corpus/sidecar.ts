/**
 * Sidecars: `one.envelope.yaml` or `one.envelope.json` beside `one.eml` says how that message comes. Read with the same care as a
 * configuration: what is misspelt is told with its position.
 */
import { z } from 'zod';
import { Complaints, formatComplaint } from '../config/complaint.ts';
import { readConfiguration } from '../config/read.ts';
import { formatMailbox } from '../mail/path.ts';
import { domainName, ipAddress, mailbox } from '../plugin/option-types.ts';
import { validate } from '../plugin/validate.ts';
import type { ArrivalFacts } from './arrival.ts';

/** Behind the name of the message, with or without `.eml`. */
export const SIDECAR_ENDINGS = ['.envelope.yaml', '.envelope.yml', '.envelope.json'] as const;

const sender = z.union([z.literal(['', '<>']).transform(() => ''), mailbox().transform(formatMailbox)], {
  error: 'a mailbox is expected, such as "ann@example.test", or "<>" for the null reverse-path',
});
const recipient = mailbox().transform(formatMailbox);
const greeting = z.union([domainName(), z.string().regex(/^\[[0-9A-Za-z:.]+\]$/)], {
  error: 'a domain name or an address in brackets is expected, as clients call themselves',
});

/** All keys may be left out: then it is as for messages without a sidecar. */
export const sidecarSchema = z.strictObject({
  from: sender.optional(),
  to: z.union([recipient.transform(one => [one]), z.array(recipient).min(1)]).optional(),
  ip: ipAddress().optional(),
  helo: greeting.optional(),
  auth: z.string().min(1).optional(),
  listener: z.string().min(1).optional(),
  tls: z.boolean().optional(),
});

/** Thrown where a sidecar says nothing that can be understood. */
export class SidecarError extends Error {}

/** @throws SidecarError with every complaint, each at its position */
export async function readSidecar(file: string): Promise<ArrivalFacts> {
  const { document, complaints } = readConfiguration(file, {});
  if (document === null || complaints.length > 0) throw new SidecarError(complaints.map(formatComplaint).join('\n'));
  const validated = await validate(sidecarSchema, document.value ?? {});
  if (validated.kind === 'valid') return withoutGaps(validated.value);
  const found = new Complaints(document);
  for (const { path, message, at } of validated.faults) found.error('MF_CONFIG_OPTION', path, message, at);
  throw new SidecarError(found.list().map(formatComplaint).join('\n'));
}

/** A key that is not there is not there as `undefined` either: it would hide what others say. */
function withoutGaps(read: z.output<typeof sidecarSchema>): ArrivalFacts {
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}
