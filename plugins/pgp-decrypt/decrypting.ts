/** Opens one mail, or says why it stays as it is. */
import {
  type Change,
  type Content,
  contentOf,
  decodeText,
  formatSize,
  LineEnds,
  lostSignatures,
  type Part,
  parameter,
  parseTree,
  partContent,
} from '../../core/index.ts';
import {
  armoredBlocks,
  carriesHeader,
  detachedOf,
  joined,
  openMessage,
  type PrivateKey,
  partOf,
  payloadOf,
  signedMail,
  withField,
} from '../../core/openpgp/index.ts';

/** What became of a mail. */
export type Made =
  | { readonly kind: 'opened'; readonly content: Content; readonly changes: readonly Change[] }
  /** It is not encrypted. */
  | { readonly kind: 'none' }
  | { readonly kind: 'closed'; readonly because: string };

export interface DecryptingSettings {
  readonly keys: readonly PrivateKey[];
  readonly now: Date;
  readonly boundary: string;
  /** In octets: of the mail, and of what is in it. */
  readonly maxSize: number;
}

/** Opens a mail. */
export async function decrypted(content: Content, { keys, now, boundary, maxSize }: DecryptingSettings): Promise<Made> {
  if (content.size > maxSize) return { kind: 'closed', because: `it is larger than ${formatSize(maxSize)}` };
  const octets = await content.bytes();
  const tree = parseTree(octets);
  if (tree.kind === 'too-complex') return { kind: 'none' };
  const sealed = messageOf(tree.root);
  if (sealed.kind !== 'message') return sealed;
  const opened = await openMessage(sealed.octets, { keys, now, maxSize });
  if (opened.kind === 'closed') return opened;
  const mail = await readable(octets, inLines(opened.octets), { signature: opened.signature, boundary });
  if (mail === null) return { kind: 'closed', because: 'what is in it is no part of a mail' };
  const change = { what: 'opened what was encrypted with OpenPGP', breaks: lostSignatures(octets, mail) };
  return { kind: 'opened', content: contentOf(mail), changes: [change] };
}

type Found = { readonly kind: 'message'; readonly octets: Buffer } | Exclude<Made, { kind: 'opened' }>;

const ENCRYPTED = 'application/pgp-encrypted';

/** The message, where the mail is that and nothing else. */
function messageOf(mail: Part): Found {
  if (mail.type.type !== 'multipart' || mail.type.subtype !== 'encrypted') return { kind: 'none' };
  const protocol = parameter(mail.type, 'protocol');
  if (protocol !== null && protocol.trim().toLowerCase() !== ENCRYPTED) return { kind: 'none' };
  const [version, data, ...others] = mail.children;
  if (version === undefined || data === undefined || others.length > 0 || !isAlone(mail))
    return { kind: 'closed', because: 'it is not encrypted as a whole' };
  const blocks = armoredBlocks(partContent(data)).filter(({ kind }) => kind === 'MESSAGE');
  const [message] = blocks;
  if (blocks.length !== 1 || message === undefined || message.octets === null)
    return { kind: 'closed', because: 'it holds no one message' };
  return { kind: 'message', octets: message.octets };
}

/** Whether nothing is shown beside the parts: behind the last boundary, or because two headers say two things. */
function isAlone({ header, multipart, body, bodyStart }: Part): boolean {
  if (multipart === null || multipart.close === null || header.named('Content-Type').length !== 1) return false;
  const { start, end } = multipart.epilogue;
  return /^\s*$/.test(body.toString('latin1', start - bodyStart, end - bodyStart));
}

/** The mail with what was in it in the place of its body. `null`: that is no part. */
async function readable(
  octets: Buffer,
  inside: Buffer,
  { signature, boundary }: { readonly signature: Buffer | null; readonly boundary: string },
): Promise<Buffer | null> {
  const payload = payloadOf(octets, []);
  const part = partOf(inside);
  if (payload === null || part === null) return null;
  const subject = carriesHeader(part.header) ? part.header.first('Subject') : null;
  const outside = subject === null ? payload.outside : withField(payload.outside, 'Subject', decodeText(subject));
  const detached = signature === null ? null : await detachedOf(signature);
  if (detached !== null) return signedMail(outside, inside, { ...detached, boundary });
  return joined(outside, part.content, part.body);
}

/** What was encrypted elsewhere may have other line ends. */
function inLines(octets: Buffer): Buffer {
  const lineEnds = new LineEnds('normalize');
  const settled = lineEnds.feed(octets);
  return Buffer.concat([settled, lineEnds.end()]);
}
