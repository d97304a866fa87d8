import { FilterParser } from 'ldapts';
import { describe, expect, test } from 'vitest';
import { escapeFilter, escapeName } from '../../../core/table/ldap-escape.ts';
import { searchOfUrl } from '../../../core/table/ldap-search.ts';
import * as fc from '../../support/fast-check.ts';

test.each([
  ['ann', 'ann'],
  ['a*(b)\\c\u0000', 'a\\2a\\28b\\29\\5cc\\00'],
  ['jörg', 'jörg'],
])('in a filter %j is written %j (RFC 4515)', (text, written) => {
  expect(escapeFilter(text)).toBe(written);
});

test.each([
  ['ann', 'ann'],
  ['a,b+c"d\\e<f>g;h=i', 'a\\2cb\\2bc\\22d\\5ce\\3cf\\3eg\\3bh\\3di'],
  [' a ', '\\20a\\20'],
  ['#a#', '\\23a#'],
  [' ', '\\20'],
])('in a name %j is written %j (RFC 4514)', (text, written) => {
  expect(escapeName(text)).toBe(written);
});

test('LDAP injection: a filter with any text in it is the same filter with another value', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), text => {
      const filter = FilterParser.parseString(`(&(objectClass=person)(mail=${escapeFilter(text)}))`);
      expect(filter).toMatchObject({
        filters: [
          { attribute: 'objectClass', value: 'person' },
          { attribute: 'mail', value: text },
        ],
      });
    }),
  );
});

describe('LDAP URLs (RFC 4516)', () => {
  test.each([
    ['ldap:///dc=test', { base: 'dc=test', scope: 'base', filter: '(objectClass=*)' }],
    ['ldap:///dc=test??sub?(uid=a%20b)', { base: 'dc=test', scope: 'sub', filter: '(uid=a b)' }],
    [
      'ldaps://host:636/ou=a%2Cb,dc=test?cn,sn?one',
      { base: 'ou=a,b,dc=test', scope: 'one', filter: '(objectClass=*)' },
    ],
  ])('%s', (url, search) => {
    expect(searchOfUrl(url)).toEqual(search);
  });

  test.each(['http:///dc=test', 'dc=test', 'ldap:///dc=%zz'])('%s is none', url => {
    expect(searchOfUrl(url)).toBeNull();
  });
});
