/** Where a domain publishes the keys of its addresses: the Web Key Directory (draft-koch-openpgp-webkey-service section 3.1). */
import { createHash } from 'node:crypto';
import type { Mailbox } from '../mail/address.ts';

/** The two places, in the order of asking. */
export interface WkdAddresses {
  /** On a host of its own, `openpgpkey` below the domain. Where that host exists, the other place does not count. */
  readonly advanced: URL;
  readonly direct: URL;
}

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';
const BITS = 5;

/** Where the keys of an address are. `null`: its domain can have no directory. */
export function wkdAddresses({ localPart, domain }: Mailbox): WkdAddresses | null {
  if (domain.startsWith('[') || !domain.includes('.')) return null;
  const hash = zBase32(createHash('sha1').update(lowered(localPart)).digest());
  const name = `hu/${hash}?l=${encodeURIComponent(localPart)}`;
  const advanced = URL.parse(`https://openpgpkey.${domain}/.well-known/openpgpkey/${domain}/${name}`);
  const direct = URL.parse(`https://${domain}/.well-known/openpgpkey/${name}`);
  return advanced === null || direct === null ? null : { advanced, direct };
}

/** ASCII alone changes its case. */
function lowered(text: string): string {
  return text.replaceAll(/[A-Z]/g, letter => letter.toLowerCase());
}

/** In the alphabet that is easy to read aloud (RFC 6189 section 5.1.6). */
export function zBase32(octets: Buffer): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const octet of octets) {
    held = (held << 8) | octet;
    bits += 8;
    for (; bits >= BITS; bits -= BITS) text += ALPHABET[(held >> (bits - BITS)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + ALPHABET[(held << (BITS - bits)) & 31];
}
