/**
 * The Sender Rewriting Scheme: reverse-paths of forwarded mail that belong to our own domain, so that SPF (RFC 7208) lets them
 * pass, and that lead bounces back to whom they belong. The format is that of Mail::SRS and postsrsd, "guarded".
 *
 * `SRS0=HHHH=TT=their.domain=user` for a sender of others, `SRS1=HHHH=first.forwarder==HHHH=TT=their.domain=user` for one that
 * another forwarder has rewritten: a bounce goes back to that one, which knows whether it made it. HHHH is a keyed hash of
 * the rest, TT the day.
 *
 * Guarantee (threat: SRS forgery): only what was made with one of the secrets, and not longer ago than `maxAge`, leads anywhere.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Mailbox, parseDomain } from '../../core/index.ts';

/** What addresses are made and read with. */
export interface SrsRules {
  /** Ours. */
  readonly domain: string;
  /** The first one signs; each of them is believed. */
  readonly secrets: readonly [string, ...string[]];
  readonly separator: '=' | '+' | '-';
  /** Characters of base64, of 6 bits each. */
  readonly hashLength: number;
  /** In days. */
  readonly maxAge: number;
}

/** Whom a rewritten address is for, or why it is for nobody. */
export type Reversed =
  | { readonly kind: 'sender'; readonly mailbox: Mailbox }
  | { readonly kind: 'invalid'; readonly because: string };

const TAGGED = /^SRS([01])([-+=])(.*)$/is;
const DAY = 24 * 60 * 60 * 1000;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** After so many days a timestamp means another day. */
const CYCLE = BASE32.length ** 2;

/** Whether an address has the form, whoever made it. */
export function isRewritten({ localPart }: Mailbox): boolean {
  return TAGGED.test(localPart);
}

/** The address of ours that stands for a sender. */
export function rewritten(sender: Mailbox, now: Date, rules: SrsRules): Mailbox {
  const [, tag, separator = '', rest = ''] = TAGGED.exec(sender.localPart) ?? [];
  const start = (tagged: '0' | '1') => `SRS${tagged}${rules.separator}`;
  if (tag === '1') {
    const [, host = '', ...inner] = rest.split('=');
    const wrapped = inner.join('=');
    if (parseDomain(host) !== null && wrapped !== '') {
      return { localPart: `${start('1')}${hashOf([host, wrapped], rules)}=${host}=${wrapped}`, domain: rules.domain };
    }
  } else if (tag === '0') {
    const wrapped = `${separator}${rest}`;
    const hash = hashOf([sender.domain, wrapped], rules);
    return { localPart: `${start('1')}${hash}=${sender.domain}=${wrapped}`, domain: rules.domain };
  }
  const day = dayOf(now);
  const parts = [day, sender.domain, sender.localPart] as const;
  return { localPart: `${start('0')}${hashOf(parts, rules)}=${parts.join('=')}`, domain: rules.domain };
}

/** Whom one of our addresses stands for. */
export function reversed({ localPart }: Mailbox, now: Date, rules: SrsRules): Reversed {
  const [, tag, , rest = ''] = TAGGED.exec(localPart) ?? [];
  const fields = rest.split('=');
  if (tag === '1') {
    const [hash = '', host = '', ...inner] = fields;
    const wrapped = inner.join('=');
    if (!isGenuine(hash, [host, wrapped], rules)) return FORGED;
    return senderOf(`SRS0${wrapped}`, host);
  }
  const [hash = '', day = '', host = '', ...user] = fields;
  const name = user.join('=');
  if (!isGenuine(hash, [day, host, name], rules)) return FORGED;
  return isFresh(day, now, rules)
    ? senderOf(name, host)
    : { kind: 'invalid', because: 'the rewritten sender is too old' };
}

const FORGED: Reversed = { kind: 'invalid', because: 'the hash of the rewritten sender is wrong' };

function senderOf(localPart: string, host: string): Reversed {
  const domain = parseDomain(host);
  if (domain === null || localPart === '') return { kind: 'invalid', because: 'the rewritten sender is no address' };
  return { kind: 'sender', mailbox: { localPart, domain } };
}

/** Case does not count: machines on the way may fold it (RFC 5321 section 2.4 forbids it in vain). */
function hashOf(parts: readonly string[], { secrets: [secret], hashLength }: SrsRules): string {
  return digest(parts, secret).slice(0, hashLength);
}

function digest(parts: readonly string[], secret: string): string {
  return createHmac('sha1', secret).update(parts.join('').toLowerCase()).digest('base64');
}

function isGenuine(hash: string, parts: readonly string[], { secrets, hashLength }: SrsRules): boolean {
  if (hash.length < hashLength) return false;
  const said = Buffer.from(hash.toLowerCase());
  return secrets.some(secret => {
    const wanted = Buffer.from(digest(parts, secret).slice(0, hash.length).toLowerCase());
    return wanted.length === said.length && timingSafeEqual(wanted, said);
  });
}

/** The day, as two characters. */
function dayOf(now: Date): string {
  const day = Math.floor(now.getTime() / DAY);
  return `${BASE32[(day >> 5) & 31]}${BASE32[day & 31]}`;
}

function isFresh(day: string, now: Date, { maxAge }: SrsRules): boolean {
  const digits = Array.from(day.toUpperCase(), character => BASE32.indexOf(character));
  if (digits.length !== 2 || digits.includes(-1)) return false;
  const [high = 0, low = 0] = digits;
  const age = (Math.floor(now.getTime() / DAY) - (high * BASE32.length + low)) % CYCLE;
  return (age + CYCLE) % CYCLE <= maxAge;
}
