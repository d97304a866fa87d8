/** Signs one mail, or says why it is left as it is. */
import {
  type Change,
  type Content,
  contentOf,
  formatSize,
  inSevenBits,
  lostSignatures,
  parseHeader,
} from '../../core/index.ts';
import {
  authorOf,
  canSign,
  type PrivateKey,
  payloadOf,
  signDetached,
  signedMail,
  signsFor,
} from '../../core/openpgp/index.ts';

/** What became of a mail. */
export type Made =
  | { readonly kind: 'signed'; readonly content: Content; readonly changes: readonly Change[] }
  /** There is nothing to be signed. */
  | { readonly kind: 'passed'; readonly because: string }
  | { readonly kind: 'impossible'; readonly because: string };

export interface SigningSettings {
  readonly keys: readonly PrivateKey[];
  /** The fingerprint of the key for all mail. */
  readonly signer?: string | undefined;
  /** Names of fields that are copied into the signed part. */
  readonly protect: readonly string[];
  /** In octets. */
  readonly maxSize: number;
  readonly now: Date;
  readonly boundary: string;
}

const DONE = /^\s*(?:multipart\/(?:signed|encrypted)|application\/(?:x-)?pkcs7-mime)\b/i;

/** Signs a mail. */
export async function signed(content: Content, settings: SigningSettings): Promise<Made> {
  const { protect, maxSize, now, boundary } = settings;
  if (content.size > maxSize) return impossible(`it is larger than ${formatSize(maxSize)}`);
  const octets = await content.bytes();
  const header = parseHeader(octets);
  if (DONE.test(header.first('Content-Type') ?? ''))
    return { kind: 'passed', because: 'it is signed or encrypted already' };
  const key = await keyOf(header, settings);
  if (typeof key === 'string') return impossible(key);
  const payload = payloadOf(octets, protect);
  if (payload === null) return impossible('its header does not end with an empty line');
  const part = inSevenBits(payload.part);
  if (part.kind === 'impossible') return impossible(`it cannot be put into seven bits: ${part.because}`);
  const { armor, micalg } = await signDetached(part.octets, [key], now);
  const mail = signedMail(payload.outside, part.octets, { armor, micalg, boundary });
  const what = `signed with the OpenPGP key ${key.getFingerprint().toUpperCase()}`;
  return {
    kind: 'signed',
    content: contentOf(mail),
    changes: [...part.changes, { what, breaks: lostSignatures(octets, mail) }],
  };
}

/** The key, or why there is none. */
async function keyOf(
  header: ReturnType<typeof parseHeader>,
  { keys, signer, now }: SigningSettings,
): Promise<PrivateKey | string> {
  if (signer !== undefined) {
    const named = keys.find(key => key.getFingerprint() === signer.toLowerCase());
    if (named === undefined) return `there is no private key ${signer}`;
    return (await canSign(named, now)) ? named : `the key ${signer} cannot sign any more`;
  }
  const author = authorOf(header);
  if (author === null) return 'its From names no one author';
  for (const key of keys) if (await signsFor(key, author, now)) return key;
  return 'there is no key of its author that can sign';
}

function impossible(because: string): Made {
  return { kind: 'impossible', because };
}
