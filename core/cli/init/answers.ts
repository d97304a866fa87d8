/** What somebody wants a gateway for, and what has to be known for that. */
import { parseDomain } from '../../mail/domain.ts';
import { parseHost } from '../../mail/host.ts';
import { parseIpAddress } from '../../mail/ip-address.ts';

/** What a gateway may be for, and the sentence that says so. */
export const PURPOSES = {
  mailboxes: 'mail for our domains, into mailboxes on this machine',
  forward: 'mail of our machines, to a smarthost',
  submission: 'mail of people with a password, to the world',
  filter: 'mail from the world, to a server that stands behind',
} as const;

export type Purpose = keyof typeof PURPOSES;

/** What becomes of OpenPGP signatures that come in. */
export const PGP_CHOICES = ['ignore', 'verify'] as const;
export type PgpChoice = (typeof PGP_CHOICES)[number];

/** How mailboxes are kept. */
export const STORES = ['mbox', 'maildir'] as const;
export type Store = (typeof STORES)[number];

/** All that a configuration is made of. */
export interface Answers {
  readonly purpose: Purpose;
  readonly hostname: string;
  /** Ours; empty where no domain is. */
  readonly domains: readonly string[];
  readonly address: string;
  readonly port: number;
  /** `[192.0.2.10]:25`. `null`: mail goes to the exchangers of each domain. */
  readonly relay: string | null;
  readonly login: Login | null;
  readonly tls: CertificateFiles | null;
  readonly store: Store;
  readonly pgp: PgpChoice;
  /** The secret key of whoever's mail is signed. `null`: nobody's. */
  readonly signKey: string | null;
}

/** How to log in at the relay. */
export interface Login {
  readonly user: string;
  readonly passwordFile: string;
}

/** PEM files, from the folder of the configuration. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Whether mail goes on to one machine that has to be named. */
export function needsRelay(purpose: Purpose): boolean {
  return purpose === 'forward' || purpose === 'filter';
}

/** Whether mail comes in for domains that have to be named. */
export function needsDomains(purpose: Purpose): boolean {
  return purpose === 'mailboxes' || purpose === 'filter';
}

/** Ports that need no privilege. */
export function usualPort(purpose: Purpose): number {
  return purpose === 'submission' ? 2587 : 2525;
}

/** What one answer means, or a sentence about what is wrong with it. */
export type Understood<T> =
  | { readonly kind: 'understood'; readonly value: T }
  | { readonly kind: 'wrong'; readonly message: string };

export function readDomain(text: string): Understood<string> {
  const domain = parseDomain(text.trim());
  return domain === null || domain.startsWith('[')
    ? wrong(`${JSON.stringify(text)} is no domain name: something like "example.test" is expected`)
    : understood(domain);
}

/** Separated by commas or blanks. */
export function readDomains(text: string): Understood<readonly string[]> {
  const read = text.split(/[\s,]+/).flatMap(one => (one === '' ? [] : [readDomain(one)]));
  const bad = read.find(one => one.kind === 'wrong');
  if (bad !== undefined) return bad;
  const domains = read.flatMap(one => (one.kind === 'understood' ? [one.value] : []));
  return domains.length === 0
    ? wrong('a domain is expected, such as "example.test"')
    : understood([...new Set(domains)]);
}

export function readRelay(text: string): Understood<string> {
  const written = text.trim();
  const found = parseHost(written);
  if (found.kind === 'host') return understood(written);
  // People leave the brackets of an IP address out.
  const bracketed = written.replace(/^([\d.]+)(:\d+)?$/, '[$1]$2');
  return parseHost(bracketed).kind === 'host'
    ? understood(bracketed)
    : wrong(`${JSON.stringify(text)} is no host: ${found.reason}; something like "mail.example.test:25" is expected`);
}

export function readAddress(text: string): Understood<string> {
  const address = parseIpAddress(text.trim());
  return address === null ? wrong(`${JSON.stringify(text)} is no IP address`) : understood(address);
}

export function readPort(text: string): Understood<number> {
  const port = Number(text);
  return /^\d{1,5}$/.test(text.trim()) && port <= 65_535
    ? understood(port)
    : wrong(`${JSON.stringify(text)} is no port: a number up to 65535 is expected`);
}

export function readWord<W extends string>(words: readonly W[], text: string): Understood<W> {
  const found = words.find(word => word === text.trim());
  return found === undefined ? wrong(`${JSON.stringify(text)} is none of: ${words.join(', ')}`) : understood(found);
}

function understood<T>(value: T): Understood<T> {
  return { kind: 'understood', value };
}

function wrong(message: string): { readonly kind: 'wrong'; readonly message: string } {
  return { kind: 'wrong', message };
}
