/** Alias files and virtual maps of other mail systems: how they are read, looked up and expanded. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatMailbox, parseMailbox } from '../../core/mail/path.ts';
import { formatKey, formatTarget } from '../../plugins/alias-expansion/alias.ts';
import { parseAliases } from '../../plugins/alias-expansion/alias-file.ts';
import { tableOf } from '../../plugins/alias-expansion/alias-files.ts';
import { AliasTable } from '../../plugins/alias-expansion/alias-table.ts';
import { ofOurs } from '../../plugins/alias-expansion/permission.ts';
import { expanded, expandIn } from '../plugins/alias-expansion/rules-of.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

const RULES = { domains: new Set(['example.test']), delimiters: '+' };
const objects = ofOurs({ commands: null, paths: null });

function textOf(...path: readonly string[]): string {
  return readFileSync(corpus('alias-route', ...path), 'utf8');
}

const read = (text: string) => parseAliases({ text, file: 'aliases', objects });

const ONE_AT = 'a key is written as an address is: a second @ needs quotation marks';
const NO_BACKSLASH = 'a blank in a name needs quotation marks, not a backslash';
const ORIGIN = 'a name without a domain is in the domain of whoever is looked up, not in one for all';

describeWithCorpus('alias files of others', () => {
  test.each([
    { system: 'postfix', path: ['postfix', 'postfix', 'conf', 'aliases'] },
    { system: 'opensmtpd', path: ['opensmtpd', 'etc', 'aliases'] },
  ])('$system: the stock file loads, and every name leads somewhere', async ({ system, path }) => {
    const text = textOf(...path);
    const { aliases } = await tableOf([{ file: 'aliases', text, objects }], RULES);
    expect(aliases).toHaveLength(text.match(/^[^#\s][^:]*:/gm)?.length ?? 0);
    const verdicts = aliases.map(async ({ key }): Promise<Verdict> => {
      const localPart = key.kind === 'catch-all' ? 'anybody' : key.localPart;
      const { kind } = await expandIn(text, { localPart, domain: 'example.test' });
      return compared(formatKey(key), kind === 'recipients' || kind === 'blackhole', true);
    });
    tally(`alias-route/${system}: names of the stock file`, await Promise.all(verdicts));
  });

  test.each([
    { system: 'postfix', path: ['postfix', 'postfix', 'conf', 'aliases'] },
    { system: 'opensmtpd', path: ['opensmtpd', 'etc', 'aliases'] },
  ])('$system: with a line that closes a loop the file is refused', async ({ path }) => {
    const text = `${textOf(...path)}\nroot: mailer-daemon\n`;
    await expect(tableOf([{ file: 'aliases', text, objects }], RULES)).rejects.toThrow(
      /^this is a loop: mailer-daemon \(aliases:\d+\) -> postmaster \(aliases:\d+\) -> root/,
    );
  });

  test.each(['postalias', 'postmap'])('%s: keys are looked up in lower case', async tool => {
    const table = await AliasTable.of(read(textOf('postfix', tool, 'map.in')).aliases, RULES);
    const verdicts = ['abc', 'ghi', 'uABC'].map(name => {
      const look = name.replace(/^u/, '');
      const found = table.find({ localPart: look, domain: 'example.test' });
      return compared(
        name,
        found?.targets.map(formatTarget).join(', '),
        textOf('postfix', tool, `map-${name}1.ref`).trim(),
      );
    });
    const lines = textOf('postfix', tool, 'aliases').trim();
    verdicts.push(
      compared(
        'aliases',
        read(lines).aliases.map(({ key, targets: [target] }) => `${formatKey(key)} ${target && formatTarget(target)}`),
        ['xx yy'],
      ),
    );
    tally(`alias-route/postfix ${tool}`, verdicts);
  });

  test('postmap quote: how a line is taken apart', () => {
    const cases = JSON.parse(textOf('postfix', 'postmap', 'quote.json')) as readonly {
      readonly line: string;
      readonly expect: { readonly key: string; readonly value: string } | null;
    }[];
    const verdicts = cases.map(({ line, expect: wanted }) => {
      const [alias] = read(line).aliases;
      const plain = (key: string) => key.replace(/^"([\w]+)"$/, '$1');
      const found =
        alias === undefined ? null : { key: formatKey(alias.key), value: alias.targets.map(formatTarget).join(', ') };
      return compared(line, found, wanted === null ? null : { ...wanted, key: plain(wanted.key) });
    });
    tally('alias-route/postfix postmap quote', verdicts, {
      'gg\\ hh ii': NO_BACKSLASH,
      'mm@nn@oo pp': ONE_AT,
    });
  });

  test('smtp_map11: one address stands for another, with its extension', async () => {
    const input = textOf('postfix', 'smtp', 'smtp_map11.in');
    const table = input.split('\n').flatMap(line => {
      const [, key = '', value = ''] = /^\s*\{ (\S+) = (.*?) \}/.exec(line) ?? [];
      return key === '' ? [] : [`${key} ${value}`];
    });
    const text = [...new Set(table)].join('\n');
    const verdicts: Verdict[] = [];
    for (const line of textOf('postfix', 'smtp', 'smtp_map11.ref').split('\n')) {
      const [, form = '', address = '', wanted = ''] = /^(external|internal|tree):(.*) -> (.*)$/.exec(line) ?? [];
      if (form === '') continue;
      const at = address.lastIndexOf('@');
      const mailbox =
        form === 'internal'
          ? { localPart: address.slice(0, at), domain: address.slice(at + 1) }
          : parseMailbox(address);
      const found =
        mailbox === null
          ? 'no mailbox'
          : await expanded(text, formatMailbox(mailbox), { rules: { keepExtension: true } });
      const [result] = typeof found === 'string' ? [found] : found;
      const external = form === 'internal' && result !== undefined ? result.replace(/^"(.*)"@/, '$1@') : result;
      verdicts.push(compared(`${form} ${address}`, external, wanted.replace('(no match)', 'no-alias')));
    }
    tally('alias-route/postfix smtp_map11', verdicts, {
      'external bar@example.com': ORIGIN,
      'tree bar@example.com': ORIGIN,
      'internal bar@example.com': ORIGIN,
    });
  });
});
