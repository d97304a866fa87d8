/** The stock alias files of other mail systems, and how they look names up. */
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { aMailbox } from '../../core/testing.ts';
import { parseAliases } from '../../plugins/alias-expansion/alias-file.ts';
import { nameOf, tableOf } from '../../plugins/alias-expansion/alias-files.ts';
import { AliasTable } from '../../plugins/alias-expansion/alias-table.ts';
import { expandAlias } from '../../plugins/alias-expansion/expansion.ts';
import { findLoops } from '../../plugins/alias-expansion/loops.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';

const OPTIONS = { domains: ['example.test'], delimiter: '+' };

function textOf(...path: readonly string[]): string {
  return readFileSync(corpus('alias-route', ...path), 'utf8');
}

describeWithCorpus('stock alias files', () => {
  const tally: string[] = [];

  afterAll(() => {
    console.info(tally.join('\n'));
  });

  test.each([
    { system: 'postfix', path: ['postfix', 'postfix', 'conf', 'aliases'] },
    { system: 'opensmtpd', path: ['opensmtpd', 'etc', 'aliases'] },
  ])('$system: the file loads and every name leads somewhere', ({ system, path }) => {
    const text = textOf(...path);
    const table = tableOf([{ name: nameOf('./aliases'), text }], OPTIONS);
    expect(table.aliases).toHaveLength(text.match(/^[^#\s][^:]*:/gm)?.length ?? 0);
    expect(findLoops(table)).toEqual([]);
    const kinds = table.aliases.map(({ key }) => {
      const localPart = key.kind === 'catch-all' ? 'anybody' : key.localPart;
      return expandAlias(table, { localPart, domain: 'example.test' }, 1000).kind;
    });
    const failed = kinds.filter(kind => kind !== 'recipients' && kind !== 'blackhole');
    tally.push(`alias-route/${system}: ${kinds.length - failed.length} names resolve, ${failed.length} do not`);
    expect(failed).toEqual([]);
  });

  test.each([
    { system: 'postfix', path: ['postfix', 'postfix', 'conf', 'aliases'] },
    { system: 'opensmtpd', path: ['opensmtpd', 'etc', 'aliases'] },
  ])('$system: with a line that closes a loop the file is refused', ({ path }) => {
    const text = `${textOf(...path)}\nroot: mailer-daemon\n`;
    expect(() => tableOf([{ name: 'aliases', text }], OPTIONS)).toThrow(
      /^this is a loop: mailer-daemon \(aliases:\d+\) -> postmaster \(aliases:\d+\) -> root/,
    );
  });

  test.each([
    { look: 'abc', ref: 'map-abc1.ref' },
    { look: 'ABC', ref: 'map-abc1.ref' },
    { look: 'ghi', ref: 'map-ghi1.ref' },
  ])('postfix: $look is looked up in lower case', ({ look, ref }) => {
    const { aliases } = parseAliases(textOf('postfix', 'postalias', 'map.in'), 'map.in');
    const found = new AliasTable({ ...OPTIONS, aliases }).find(aMailbox(`${look}@example.test`));
    expect(found?.targets).toEqual([
      { kind: 'address', address: { localPart: textOf('postfix', 'postalias', ref).trim(), domain: null } },
    ]);
  });
});
