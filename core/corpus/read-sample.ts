/** Reads one sample: its octets, and how it came, by what is known best. */
import { readFileSync } from 'node:fs';
import { formatMailbox } from '../mail/path.ts';
import { parseHeader } from '../mime/header.ts';
import type { Arrival, ArrivalFacts } from './arrival.ts';
import { withCrlf, withoutNotes, withoutTop } from './as-sent.ts';
import { readMboxEntry, unquoted } from './mbox.ts';
import { clientInReceived } from './own-received.ts';
import type { MboxEntry, MessageFile, Sample, TakenMail } from './sample.ts';
import { readSidecar } from './sidecar.ts';
import { storedEnvelope } from './stored-envelope.ts';

/** What is known of all messages of a corpus. */
export interface Reading {
  /** What people say of those that have no sidecar: it goes before what stands in the header. */
  readonly given: ArrivalFacts;
  /** Our own names, in lower case: Received fields by these machines are believed, and put there again. */
  readonly hostnames: readonly string[];
}

/** @throws SidecarError, and what the system says of a file that cannot be read */
export async function readSample({ from }: Sample, reading: Reading): Promise<Arrival> {
  switch (from.kind) {
    case 'taken':
      return takenArrival(from, reading);
    case 'mbox':
      return storedArrival(withoutNotes(withCrlf(mboxOctets(from))), reading);
    case 'file':
      return fileArrival(from, reading);
  }
}

async function fileArrival({ path, sidecar }: MessageFile, reading: Reading): Promise<Arrival> {
  const octets = withCrlf(readFileSync(path));
  if (sidecar === null) return storedArrival(octets, reading);
  const said = await readSidecar(sidecar);
  const arrival = storedArrival(octets, reading);
  // Who writes down how a message comes means the message as it lies there.
  const content = octets.subarray(parseHeader(octets).fieldsStart);
  return { ...arrival, ...said, source: said.to === undefined ? arrival.source : 'sidecar', content };
}

/** A From_ line on top is read as one. */
function storedArrival(octets: Buffer, { given, hostnames }: Reading): Arrival {
  const header = parseHeader(octets);
  const fromLine = header.fieldsStart === 0 ? null : octets.toString('latin1', 0, header.fieldsStart).trimEnd();
  const stored = storedEnvelope(header, fromLine);
  return {
    ...clientInReceived(header, hostnames),
    ...stored,
    ...given,
    source: given.to === undefined ? stored.source : 'options',
    content: withoutTop(octets, header, hostnames),
  };
}

function mboxOctets(entry: MboxEntry): Buffer {
  const octets = readMboxEntry(entry);
  return entry.quoting === 'none' ? octets : unquoted(octets);
}

function takenArrival({ octets, session, envelope }: TakenMail, { hostnames }: Reading): Arrival {
  const { reversePath, recipients } = envelope;
  const stored = octets === null ? null : Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  return {
    from: reversePath === null ? '' : formatMailbox(reversePath),
    to: [...new Set(recipients.map(({ original }) => formatMailbox(original)))],
    ip: session.client.address,
    ...(session.greeting === null ? {} : { helo: session.greeting.domain }),
    ...(session.user === null ? {} : { auth: session.user }),
    listener: session.listener,
    tls: session.tls !== null,
    source: 'taken',
    content: stored === null ? null : withoutTop(stored, parseHeader(stored), hostnames),
  };
}
