/** Relaying: that a stranger cannot use the server to send to others, in whatever disguise. */
import { type ConformanceCase, Departure, NotApplicable } from './conformance-case.ts';
import type { Conversation } from './conversation.ts';
import { must } from './must.ts';
import { CLIENT, type Probe, SENDER } from './probe.ts';

const group = 'relay' as const;
/** Nobody's: RFC 2606. */
const VICTIM = 'victim@relay.example';

const DISGUISES: readonly (readonly [name: string, words: string, path: (domain: string) => string])[] = [
  ['plain', 'an address elsewhere', () => `<${VICTIM}>`],
  ['percent', 'an address elsewhere behind a percent sign', domain => `<victim%relay.example@${domain}>`],
  ['quoted', 'an address elsewhere in quotes', domain => `<"${VICTIM}"@${domain}>`],
  ['source-route', 'an address elsewhere behind a source route', domain => `<@${domain}:${VICTIM}>`],
  ['bang', 'a UUCP path', domain => `<relay.example!victim@${domain}>`],
  ['literal', 'an address literal', () => '<victim@[203.0.113.99]>'],
  ['two-ats', 'an address with two at signs', domain => `<${VICTIM}@${domain}>`],
];

export const RELAY_CASES: readonly ConformanceCase[] = [
  ...DISGUISES.map(
    ([name, words, path]): ConformanceCase => ({
      group,
      name: `relay-${name}`,
      source: 'RFC 5321 section 7.9',
      sentence: `A stranger cannot send to ${words}.`,
      run: probe => attempt(probe, SENDER, path(domainOf(probe))),
    }),
  ),
  {
    group,
    name: 'relay-as-local-sender',
    source: 'RFC 5321 section 7.1',
    sentence: 'A stranger who claims to be one of ours cannot send elsewhere either.',
    run: probe => attempt(probe, `postmaster@${domainOf(probe)}`, `<${VICTIM}>`),
  },
  {
    group,
    name: 'relay-null-sender',
    source: 'RFC 5321 section 7.1',
    sentence: 'A stranger with the null reverse-path cannot send elsewhere either.',
    run: probe => attempt(probe, '', `<${VICTIM}>`),
  },
];

function domainOf({ target }: Probe): string {
  return target.to?.split('@').at(-1) ?? target.own?.hostname ?? 'example.test';
}

async function attempt(probe: Probe, sender: string, path: string): Promise<void> {
  const conversation = await stranger(probe);
  const began = await conversation.say(`MAIL FROM:<${sender}>`);
  if (began.code >= 400) return;
  const claimed = await conversation.say(`RCPT TO:${path}`);
  if (claimed.code >= 400) return;
  const elsewhere = path.startsWith(`<${VICTIM}`) || path.includes('[');
  if (probe.target.own === null && !elsewhere) {
    throw new NotApplicable('it is accepted; whether as a mailbox here or to be sent on cannot be seen from outside');
  }
  if (elsewhere) throw new Departure('it is accepted');
  const before = probe.own.attempts.length;
  must(await conversation.say('DATA'), 354);
  conversation.send('Subject: relay\r\n\r\ntext\r\n.\r\n');
  if ((await conversation.reply()).code >= 400) return;
  await probe.own.settled();
  const gone = probe.own.attempts.slice(before).find(({ to }) => to.some(one => one.endsWith('@relay.example')));
  if (gone !== undefined) throw new Departure(`it is sent on to ${gone.to.join(', ')}`);
}

/** A session of somebody who is nobody here. */
async function stranger(probe: Probe): Promise<Conversation> {
  const { conversation } = await probe.introduced();
  const { own, host } = probe.target;
  if (own === null) {
    if (/^(?:127\.|::1|localhost|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)/.test(host)) {
      throw new NotApplicable('who asks from the same machine or network is no stranger');
    }
    return conversation;
  }
  must(await conversation.say(`XCLIENT ADDR=${own.stranger} NAME=[UNAVAILABLE]`), 220);
  must(await conversation.say(`EHLO ${CLIENT}`), 250);
  return conversation;
}
