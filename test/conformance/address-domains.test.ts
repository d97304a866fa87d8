/** One domain, one canonical form: wherever a domain is compared, its U-labels are its A-labels, in any case (RFC 5890). */
import { describe, expect, test } from 'vitest';
import { matchesAddress, parseAddressPattern } from '../../core/mail/address-pattern.ts';
import { parseHost } from '../../core/mail/host.ts';
import { parseMailbox } from '../../core/mail/path.ts';
import { parseAddresses } from '../../core/mime/addresses.ts';
import { harness } from '../../core/testing.ts';
import aliasExpansion from '../../plugins/alias-expansion/index.ts';
import relayPolicy from '../../plugins/relay-policy/index.ts';
import { link } from '../core/chain/chain-of.ts';
import { gateway } from '../core/smtp/gateway.ts';

const FORMS = [
  'bücher.example',
  'BÜCHER.Example',
  'bu\u0308cher.example',
  'xn--bcher-kva.example',
  'XN--BCHER-KVA.example',
];
/** Each with each. */
const PAIRS = FORMS.flatMap(written => FORMS.map(said => ({ written, said })));

/** The reply to RCPT for a domain, by a listener with these plugins. */
async function rcpt(domain: string, links: Parameters<typeof gateway>[0] = {}) {
  const its = await gateway(links);
  const client = await its.greeted();
  await client.command('EHLO client.test');
  await client.command('MAIL FROM:<ann@client.test> SMTPUTF8');
  return client.command(`RCPT TO:<bob@${domain}>`);
}

const TAKEN = '250 2.1.5 Ok';
const REFUSED = /^550 5\./;

describe('written one way and said another', () => {
  test.for(PAIRS)('$written, $said: local domains', async ({ written, said }) => {
    const { instance } = await harness(relayPolicy, { localDomains: [written], mailboxes: [`bob@${written}`] });
    const links = [link('relay-policy', instance)];
    expect(await rcpt(said, { links })).toBe(TAKEN);
    expect(await rcpt(`x.${said}`, { links })).toMatch(REFUSED);
  });

  test.for(PAIRS)('$written, $said: relayed domains', async ({ written, said }) => {
    const { instance } = await harness(relayPolicy, { relayDomains: [written] });
    expect(await rcpt(said, { links: [link('relay-policy', instance)] })).toBe(TAKEN);
  });

  test.for(PAIRS)('$written, $said: conditions', async ({ written, said }) => {
    const { instance } = await harness(relayPolicy, { relayFor: ['127.0.0.1'] });
    for (const text of [`@${written}`, `bob@${written}`]) {
      const pattern = parseAddressPattern(text);
      if (pattern === null) throw new Error(`${text} is no pattern`);
      const when = { kind: 'recipient', patterns: [pattern] } as const;
      const links = [link('relay-policy', instance, { when })];
      expect(await rcpt(said, { links })).toBe(TAKEN);
      expect(await rcpt('buecher.example', { links })).toMatch(REFUSED);
    }
    const below = parseAddressPattern(`@.${written}`);
    expect(below !== null && matchesAddress(below, parseMailbox(`ann@x.${said}`))).toBe(true);
  });

  test.for(PAIRS)('$written, $said: aliases', async ({ written, said }) => {
    const files = { aliases: `bob@${written}: carl@${said}\n` };
    const plugin = await harness(aliasExpansion, { file: 'aliases' }, { files });
    expect(await plugin.rcpt(`bob@${said}`)).toMatchObject({
      kind: 'expand',
      to: [{ to: { localPart: 'carl', domain: 'xn--bcher-kva.example' } }],
    });
  });

  test.for(PAIRS)('$written, $said: header fields and hosts', ({ written, said }) => {
    const mailboxOf = (domain: string) =>
      parseAddresses(Buffer.from(`Bob <bob@${domain}>`).toString('latin1'))[0]?.mailbox;
    expect(mailboxOf(written)).toEqual(mailboxOf(said));
    expect(mailboxOf(written)).toEqual(parseMailbox(`bob@${said}`));
    expect(parseHost(written)).toEqual(parseHost(said));
  });
});

test('a local part is not a domain: its case and its form are its own (RFC 6531 section 3.2)', () => {
  expect(parseMailbox('Jürgen@example.test')).not.toEqual(parseMailbox('jürgen@example.test'));
  expect(parseMailbox('ju\u0308rgen@example.test')).not.toEqual(parseMailbox('jürgen@example.test'));
});
