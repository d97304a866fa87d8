/**
 * Addresses as Postfix's library reads, writes, looks up, rewrites and resolves them. What is Postfix's own way with `%`,
 * `!` and bare names is not ours: such an address goes nowhere, and above all never to another domain.
 */
import { test } from 'vitest';
import type { Mailbox } from '../../core/mail/address.ts';
import { matchesAddress, parseAddressPattern } from '../../core/mail/address-pattern.ts';
import { formatMailbox, formatPath, parseForwardPath, parseMailbox } from '../../core/mail/path.ts';
import { parseAddresses } from '../../core/mime/addresses.ts';
import { harness } from '../../core/testing.ts';
import { formatTarget } from '../../plugins/alias-expansion/alias.ts';
import type { AliasTable } from '../../plugins/alias-expansion/alias-table.ts';
import relayPolicy from '../../plugins/relay-policy/index.ts';
import { link } from '../core/chain/chain-of.ts';
import { gateway } from '../core/smtp/gateway.ts';
import { tableOf } from '../plugins/alias-expansion/rules-of.ts';
import { describeWithCorpus } from '../support/corpus.ts';
import { answered, crunched, type Form, type LookUp, lookUps, numbers } from '../support/postfix-addresses.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

/** The names that the tables leave open. */
const OUR_NAMES = { MYHOSTNAME: 'mx.example.test', MYDOMAIN: 'example.test' };
const ours = (text: string) =>
  text.replaceAll(/MYHOSTNAME|MYDOMAIN/g, name => OUR_NAMES[name as keyof typeof OUR_NAMES]);

const read = (form: Form, text: string): Mailbox | null => {
  if (form === 'external') return parseMailbox(text);
  const at = text.lastIndexOf('@');
  return { localPart: text.slice(0, at), domain: text.slice(at + 1) };
};
const written = (form: Form, mailbox: Mailbox): string =>
  form === 'external' ? formatMailbox(mailbox) : `${mailbox.localPart}@${mailbox.domain}`;

/** A table of aliases, of those entries that an alias file may hold: all by default, else those that are no domains. */
function aliasesOf({ table, ways }: LookUp): Promise<AliasTable> {
  const entries = table.filter(([key]) => ways === 'default' || !isDomain(key));
  const named = (key: string) => (ways.includes('localpart_at_if_local') ? key.replace(/@$/, '') : key);
  return tableOf(entries.map(([key, value]) => `${named(key)}: ${value}\n`).join(''), {
    domains: ['localhost.localdomain'],
  });
}

const isDomain = (key: string) => !/["@]/.test(key);

/** What the first pattern says that means the mailbox: `@example` for a domain, `@.example` for what is below it. */
function byPattern({ table, ways }: LookUp, mailbox: Mailbox): string | null {
  const asked = ways.split('|');
  const entries = table.filter(([key]) => isDomain(key) && asked.includes(key.startsWith('.') ? 'pddms' : 'domain'));
  const found = entries.find(([key]) => {
    const pattern = parseAddressPattern(`@${key}`);
    return pattern !== null && matchesAddress(pattern, mailbox);
  });
  return found?.[1] ?? null;
}

/** What our tables of aliases, and our patterns where the table has domains, find for an address. */
async function find(asked: LookUp): Promise<string | null> {
  const mailbox = read(asked.inputForm, asked.address);
  if (mailbox === null) return 'no mailbox';
  const [target] = (await aliasesOf(asked)).find(mailbox)?.targets ?? [];
  if (target === undefined) return byPattern(asked, mailbox);
  if (target.kind === 'domain') return formatTarget(target);
  if (target.kind !== 'address' || target.address.domain === null) return 'no address';
  return written(asked.outputForm, { ...target.address, domain: target.address.domain });
}

const AS_TEXT = 'a table is asked for a mailbox, and not for one of the ways to write it';
const RAW_KEYS = 'a key is written as an address is: with a dot at its end it needs quotation marks';
const ANYWHERE = 'a name is looked up in the domains of the table, and not in any other';
const PARENTS = 'a domain is itself; its subdomains are written with a dot before it';

const NO_ROUTE = 'what stands in a local part is not followed, so this goes nowhere';
const NO_COMPLETION = 'no domain is put in or completed, and no dot is taken off: the client said what it meant';
const DIGITS = 'SIZE has up to twenty digits (RFC 1870 section 3): this is a number, and more than the limit';
const NULL_PATH = 'the null path is no recipient (RFC 5321 section 4.1.1.3)';

describeWithCorpus('addresses of Postfix', () => {
  test('mail_addr_crunch: a list is read, and each address written again', () => {
    const verdicts = crunched().map(({ title, inputForm, outputForm, extension, input, expect: wanted }): Verdict => {
      const mailboxes = input.flatMap(text =>
        inputForm === 'external' ? parseAddresses(text).map(({ mailbox }) => mailbox) : [read(inputForm, text)],
      );
      const extended = mailboxes.map(mailbox => mailbox && { ...mailbox, localPart: mailbox.localPart + extension });
      return compared(
        title,
        extended.map(mailbox => mailbox && written(outputForm, mailbox)),
        wanted,
      );
    });
    tally('address/postfix-tok822 mail_addr_crunch', verdicts);
  });

  test('mail_addr_find: an address is found in a table, with and without its extension', async () => {
    tally(
      'address/postfix-tok822 mail_addr_find',
      await Promise.all(lookUps().map(async asked => compared(asked.id, await find(asked), asked.result))),
      {
        '5 internal:internal:external:default:aa bb@cc.example': AS_TEXT,
        '6 internal:internal:external:default:"aa bb"@cc.example:"dd ee"@dd.example': AS_TEXT,
        '13 internal:internal:external:default:"aa bb"+ax bx@cc.example:"dd ee"@dd.example:+ax bx': AS_TEXT,
        '18 internal:external-first:external:default:a.b.@localhost.localdomain:intern-2@example': RAW_KEYS,
        '33 external:external:external:localpart_at|domain:ab@foo:foo@example': ANYWHERE,
        '38 external:external:external:domain|pdms:foo@sub.example:example-result': PARENTS,
        '39 external:external:external:domain|pdms:foo@sub.sub.example:example-result': PARENTS,
      },
    );
  });

  test('off_cvt: SIZE is digits alone', async () => {
    const client = await (await gateway()).greeted();
    await client.command('EHLO client.test');
    const verdicts: Verdict[] = [];
    for (const { text, good } of numbers()) {
      const reply = await client.command(`MAIL FROM:<> SIZE=${text}`);
      verdicts.push(compared(text, reply.startsWith('552 '), good));
    }
    tally('address/postfix-tok822 off_cvt', verdicts, {
      '9223372036854775808': DIGITS,
      '92233720368547758070': DIGITS,
    });
  });

  test('rewrite_clnt: nothing is rewritten', () => {
    const verdicts = answered('rewrite_clnt').map(({ id, address, said }): Verdict => {
      const wanted = parseMailbox(ours(said.get('result') ?? '').replace('INVALID_DOMAIN', 'invalid'));
      const found = parseForwardPath(`<${address}>`, { smtpUtf8: false, postmasterDomain: OUR_NAMES.MYHOSTNAME });
      const path = found.kind === 'path' ? formatPath(found.path) : null;
      return compared(id, path, wanted === null ? null : formatPath(wanted));
    });
    tally('address/postfix-tok822 rewrite_clnt', verdicts, {
      '1 local a!': NO_ROUTE,
      '3 local a!b': NO_ROUTE,
      '6 local %b': NO_ROUTE,
      '7 local a%b': NO_ROUTE,
      '11 local a@b': NO_COMPLETION,
      '12 local a@b.': NO_COMPLETION,
      '14 remote a!': NO_ROUTE,
      '16 remote a!b': NO_ROUTE,
      '19 remote %b': NO_ROUTE,
      '20 remote a%b': NO_ROUTE,
      '24 remote a@b': NO_COMPLETION,
      '25 remote a@b.': NO_COMPLETION,
    });
  });

  test('resolve_clnt: a stranger reaches local mailboxes and nobody else', async () => {
    const { instance } = await harness(relayPolicy, { localDomains: [OUR_NAMES.MYHOSTNAME, 'localhost.example.test'] });
    const its = await gateway({ links: [link('relay-policy', instance)], limits: { errors: 1000 } });
    const client = await its.greeted();
    await client.command('EHLO client.test');
    await client.command('MAIL FROM:<ann@client.test>');
    const verdicts: Verdict[] = [];
    for (const { id, address, said } of answered('resolve_clnt')) {
      const reply = await client.command(`RCPT TO:<${ours(address)}>`);
      verdicts.push(compared(id, reply.startsWith('250 '), /CLASS_LOCAL/.test(said.get('flags') ?? '')));
    }
    tally('address/postfix-tok822 resolve_clnt', verdicts, {
      '0 resolve': NULL_PATH,
      '29 resolve a[b]@MYHOSTNAME@MYHOSTNAME': NO_ROUTE,
      '30 resolve a[b]%MYHOSTNAME@MYHOSTNAME': NO_ROUTE,
      '31 resolve a[b]%MYHOSTNAME%MYHOSTNAME': NO_ROUTE,
      '32 resolve MYHOSTNAME!a[b]@MYHOSTNAME': NO_ROUTE,
      '33 resolve MYHOSTNAME!a[b]%MYHOSTNAME': NO_ROUTE,
      '34 resolve MYHOSTNAME!MYHOSTNAME!a[b]': NO_ROUTE,
    });
  });
});
