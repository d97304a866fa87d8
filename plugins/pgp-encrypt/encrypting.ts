/** Encrypts one mail, or says why it is left as it is. */
import {
  type Change,
  type Content,
  contentOf,
  formatMailbox,
  formatSize,
  type HeaderBlock,
  lostSignatures,
  type Mailbox,
  parseHeader,
} from '../../core/index.ts';
import {
  authorOf,
  canEncryptFor,
  encryptedMail,
  encryptFor,
  type Key,
  keyFor,
  type PrivateKey,
  payloadOf,
  type RecipientKeySources,
  signsFor,
  withField,
} from '../../core/openpgp/index.ts';

/** What became of a mail. */
export type Made =
  | { readonly kind: 'encrypted'; readonly content: Content; readonly changes: readonly Change[] }
  /** There is nothing to be encrypted. */
  | { readonly kind: 'passed'; readonly because: string }
  | { readonly kind: 'impossible'; readonly because: string; readonly without: readonly Mailbox[] };

export interface EncryptingSettings {
  readonly recipients: readonly Mailbox[];
  readonly sources: RecipientKeySources;
  /** Fingerprints of keys of the keyring. */
  readonly also: readonly string[];
  readonly signers: readonly PrivateKey[];
  readonly subject: 'hide' | 'show';
  /** Names of fields that are copied inside. */
  readonly protect: readonly string[];
  /** In octets. */
  readonly maxSize: number;
  readonly now: Date;
  readonly boundary: string;
}

const ENCRYPTED = /^\s*(?:multipart\/encrypted|application\/(?:x-)?pkcs7-mime)\b/i;
/** What stands in the place of a subject that is hidden, as Thunderbird writes it. */
const HIDDEN = '...';

/** Encrypts a mail. */
export async function encrypted(content: Content, settings: EncryptingSettings): Promise<Made> {
  const { protect, maxSize, now, boundary, subject } = settings;
  if (content.size > maxSize) return impossible(`it is larger than ${formatSize(maxSize)}`);
  const octets = await content.bytes();
  const header = parseHeader(octets);
  if (ENCRYPTED.test(header.first('Content-Type') ?? '')) return { kind: 'passed', because: 'it is encrypted already' };
  const found = await keysFor(settings);
  if (found.kind === 'missing') return found.impossible;
  const payload = payloadOf(octets, protect);
  if (payload === null) return impossible('its header does not end with an empty line');
  const signers = await signersOf(header, settings);
  const armor = await encryptFor(payload.part, { keys: found.keys, signers, now });
  const isInside = protect.some(name => name.toLowerCase() === 'subject') && header.named('Subject').length > 0;
  const hides = subject === 'hide' && isInside;
  const outside = hides ? withField(payload.outside, 'Subject', HIDDEN) : payload.outside;
  const mail = encryptedMail(outside, armor, boundary);
  const by = signers.length === 0 ? '' : `, and signed with the key ${signers.map(fingerprint).join(', ')}`;
  const what = `encrypted for ${settings.recipients.length} recipients${by}`;
  return { kind: 'encrypted', content: contentOf(mail), changes: [{ what, breaks: lostSignatures(octets, mail) }] };
}

type Found =
  | { readonly kind: 'keys'; readonly keys: readonly Key[] }
  | { readonly kind: 'missing'; readonly impossible: Made };

async function keysFor({ recipients, sources, also, now }: EncryptingSettings): Promise<Found> {
  const keys = new Set<Key>();
  const without: Mailbox[] = [];
  for (const one of recipients) {
    const key = await keyFor(one, now, sources);
    if (key === null) without.push(one);
    else keys.add(key);
  }
  if (without.length > 0) {
    const because = `there is no key that can be used for ${without.map(formatMailbox).join(', ')}`;
    return { kind: 'missing', impossible: { kind: 'impossible', because, without } };
  }
  const all = [...sources.keys.index.values()].flat().map(({ key }) => key);
  for (const name of also) {
    const key = all.find(one => fingerprint(one) === name.toUpperCase());
    if (key === undefined || !(await canEncryptFor(key, now)))
      return { kind: 'missing', impossible: impossible(`the key ${name} is missing or cannot be used any more`) };
    keys.add(key);
  }
  return { kind: 'keys', keys: [...keys] };
}

async function signersOf(header: HeaderBlock, { signers, now }: EncryptingSettings): Promise<readonly PrivateKey[]> {
  const author = authorOf(header);
  if (author === null) return [];
  for (const key of signers) if (await signsFor(key, author, now)) return [key];
  return [];
}

function fingerprint(key: Key): string {
  return key.getFingerprint().toUpperCase();
}

function impossible(because: string): Made {
  return { kind: 'impossible', because, without: [] };
}
