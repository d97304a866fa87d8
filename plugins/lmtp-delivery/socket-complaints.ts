/** What is wrong with the path of a socket, as far as that shows before it is used. */
import type { Files, OptionComplaint } from '../../core/index.ts';

/** Longer names are not taken by Linux (unix(7)). In octets. */
const LONGEST = 107;

/** One that is not there is none: the store may be started later. */
export async function socketComplaints(socket: string, files: Files): Promise<readonly OptionComplaint[]> {
  const path = files.resolve(socket);
  const octets = Buffer.byteLength(path);
  const complaint = (message: string): readonly OptionComplaint[] => [{ path: ['socket'], message }];
  if (octets > LONGEST) return complaint(`${path} has ${octets} octets, and the path of a socket at most ${LONGEST}`);
  const kind = (await files.facts(path))?.kind;
  return kind === 'file' || kind === 'directory' ? complaint(`${path} is a ${kind}, and no socket`) : [];
}
