/**
 * A keybox (`pubring.kbx`): the file in which GnuPG keeps public keys, as far as it takes to get them out.
 *
 * A row of blobs, each with its length in front, its type, and where in it the key lies. What was deleted and what is no
 * OpenPGP is read over. What can go wrong: GnuPG writes in place, so a file that is read in that moment can be cut off; the
 * next look at it finds it whole.
 */

const HEADER = 12;
const MAGIC = Buffer.from('KBXf');
const MAGIC_AT = 8;
const OPENPGP = 2;
/** Where a blob says its type, and the place and the length of its key. */
const AT = { type: 4, key: 8, keyLength: 12, end: 16 } as const;

/** Whether octets are a keybox. */
export function isKeybox(octets: Buffer): boolean {
  return octets.subarray(MAGIC_AT, HEADER).equals(MAGIC);
}

/**
 * The keys in a keybox, each as a row of binary packets.
 * @throws Error where the file is damaged or cut off
 */
export function keyboxKeys(octets: Buffer): readonly Buffer[] {
  const keys: Buffer[] = [];
  for (let at = 0; at < octets.length; ) {
    const blob = blobAt(octets, at);
    if (blob[AT.type] === OPENPGP) keys.push(keyIn(blob));
    at += blob.length;
  }
  return keys;
}

function blobAt(octets: Buffer, at: number): Buffer {
  const length = octets.length - at >= AT.type ? octets.readUInt32BE(at) : 0;
  const blob = octets.subarray(at, at + length);
  if (length <= AT.type || blob.length < length) throw damaged();
  return blob;
}

function keyIn(blob: Buffer): Buffer {
  if (blob.length < AT.end) throw damaged();
  const start = blob.readUInt32BE(AT.key);
  const key = blob.subarray(start, start + blob.readUInt32BE(AT.keyLength));
  if (key.length === 0 || key.length < blob.readUInt32BE(AT.keyLength)) throw damaged();
  return key;
}

function damaged(): Error {
  return new Error('it is a keybox that is damaged or cut off');
}
