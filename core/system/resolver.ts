/**
 * The resolver port over node:dns (c-ares).
 *
 * Guarantee: "there is none" is said only where a server said so; every other failure is `unavailable`. What can go wrong:
 * the servers take their time, but no question takes longer than all tries at all servers (see `ResolverSettings`).
 */
import { Resolver as DnsResolver } from 'node:dns/promises';
import { describeError, errnoOf } from '../mail/failure.ts';
import type { DnsAnswer, Resolver } from '../plugin/ports.ts';
import { eitherFamily, mapRecords } from './dns-answer.ts';
import { reverseName } from './reverse-name.ts';

/** How DNS is asked. */
export interface ResolverSettings {
  /** `127.0.0.1:5353`, `[::1]:53`. Without them: those of the system. */
  readonly servers?: readonly string[];
  /** How long the first try at a server may take, in milliseconds; later tries take up to twice as long. */
  readonly timeout?: number;
  /** How often each server is tried. */
  readonly tries?: number;
}

const LABEL = /^[a-z0-9_-]{1,63}$/i;
const LONGEST_NAME = 253;

/** Asks the DNS servers of the system, or those given. */
export function systemResolver({ servers = [], timeout = 3000, tries = 2 }: ResolverSettings = {}): Resolver {
  const dns = new DnsResolver({ timeout, tries, maxTimeout: 2 * timeout });
  // An empty list would leave c-ares with nobody to ask.
  if (servers.length > 0) dns.setServers(servers);
  const mx = (name: string) => ask(name, () => dns.resolveMx(name));
  const v4 = (name: string) => ask(name, () => dns.resolve4(name));
  const v6 = (name: string) => ask(name, () => dns.resolve6(name));
  const txt = (name: string) => ask(name, () => dns.resolveTxt(name));
  // Not dns.reverse: it looks into /etc/hosts, and gives one error for "no such name" and "no records".
  const ptr = (name: string) => ask(name, () => dns.resolvePtr(name));
  return {
    async mx(domain) {
      return mapRecords(await mx(domain), ({ exchange, priority }) => ({ exchange, preference: priority }));
    },
    async addresses(name) {
      return eitherFamily(...(await Promise.all([v4(name), v6(name)])));
    },
    reverse: address => ptr(reverseName(address) ?? ''),
    async txt(name) {
      return mapRecords(await txt(name), strings => strings.join(''));
    },
  };
}

/** Asks, and tells c-ares' errors apart. A CNAME that leads to no record is an empty list there. */
async function ask<T>(name: string, query: () => Promise<readonly T[]>): Promise<DnsAnswer<T>> {
  if (!isDnsName(name)) return { kind: 'no-such-domain' };
  try {
    const records = await query();
    return records.length > 0 ? { kind: 'found', records } : { kind: 'no-records' };
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOTFOUND') return { kind: 'no-such-domain' };
    if (code === 'ENODATA') return { kind: 'no-records' };
    return { kind: 'unavailable', cause: describeError(error) };
  }
}

/**
 * Whether DNS can hold the name. c-ares would ask for the root instead of an empty name and cut others at a NUL or a
 * backslash. A last label of digits only is an IP address, not a name.
 */
function isDnsName(name: string): boolean {
  const bare = name.replace(/\.$/, '');
  const labels = bare.split('.');
  return bare.length <= LONGEST_NAME && labels.every(label => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}
