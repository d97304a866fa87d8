/** Finds an address that a server takes mail for, out of what a configuration says, and whether it takes a plain mail there. */
import { must } from './must.ts';
import { Probe, SENDER, type Target } from './probe.ts';

/** What people are called in configurations, those first who are seldom aliases of many. */
const LOCAL_PARTS = ['conformance', 'ann', 'hello', 'bcd', 'user', 'postmaster'];
const DOMAIN = /^@?([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i;
/** Keys below which plugins name the domains that are theirs. */
const KEYS = /domains?$|^recipient$|^for$/i;

/** The domains that options, and conditions of routes, name. */
export function domainsIn(value: unknown, key = ''): readonly string[] {
  if (typeof value === 'string') return KEYS.test(key) ? (DOMAIN.exec(value)?.slice(1) ?? []) : [];
  if (Array.isArray(value)) return value.flatMap(one => domainsIn(one, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) => domainsIn(one, name));
}

/** Asks with RCPT until one is accepted; no mail is sent. `null`: none was. */
export async function acceptedAddress(target: Target, domains: readonly string[]): Promise<string | null> {
  const probe = new Probe(target);
  try {
    const { conversation } = await probe.ready();
    must(await conversation.say(`MAIL FROM:<${SENDER}>`), 250);
    for (const address of [...new Set(domains)].flatMap(domain => LOCAL_PARTS.map(one => `${one}@${domain}`))) {
      if ((await conversation.say(`RCPT TO:<${address}>`)).code < 300) return address;
    }
    return null;
  } catch {
    // What is wrong will be told by the cases themselves.
    return null;
  } finally {
    probe.close();
  }
}

/** Sends a plain mail. @returns why it was refused; `null` where it was taken, or did not come so far. */
export async function refusalOf(target: Target): Promise<string | null> {
  if (target.to === null) return null;
  const probe = new Probe(target);
  try {
    const { conversation } = await probe.addressed();
    must(await conversation.say('DATA'), 354);
    conversation.send(`From: ${SENDER}\r\nTo: ${target.to}\r\nSubject: plain\r\n\r\ntext\r\n.\r\n`);
    const { code, lines } = await conversation.reply();
    return code < 300 ? null : lines.join(' / ');
  } catch {
    return null;
  } finally {
    probe.close();
  }
}
