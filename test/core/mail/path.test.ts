/** Paths and mailboxes as text: what is an address, what is none, and that both directions agree. */

import { describe, expect, test } from 'vitest';
import {
  formatMailbox,
  formatPath,
  needsSmtpUtf8,
  parseForwardPath,
  parseMailbox,
  parseReversePath,
  sameMailbox,
} from '../../../core/mail/path.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const ascii = { smtpUtf8: false, postmasterDomain: 'mx.example.test' };
const utf8 = { ...ascii, smtpUtf8: true };
const mailbox = (localPart: string, domain: string) => ({ localPart, domain });

describe('a forward-path', () => {
  const accepted = [
    { text: '<ann@example.test>', want: mailbox('ann', 'example.test') },
    { text: '<Ann.Lee+tag@EXAMPLE.Test>', want: mailbox('Ann.Lee+tag', 'example.test') },
    { text: "<!#$%&'*+-/=?^_`{|}~@example.test>", want: mailbox("!#$%&'*+-/=?^_`{|}~", 'example.test') },
    { text: '<"john doe"@example.test>', want: mailbox('john doe', 'example.test') },
    { text: '<"a@b"@example.test>', want: mailbox('a@b', 'example.test') },
    { text: '<"a>b"@example.test>', want: mailbox('a>b', 'example.test') },
    { text: String.raw`<"a\"b\\c\d"@example.test>`, want: mailbox(String.raw`a"b\cd`, 'example.test') },
    { text: '<"plain"@example.test>', want: mailbox('plain', 'example.test') },
    { text: '<""@example.test>', want: mailbox('', 'example.test') },
    { text: '<ann@localhost>', want: mailbox('ann', 'localhost') },
    { text: '<ann@my_host.example.test>', want: mailbox('ann', 'my_host.example.test') },
    { text: '<ann@example.123>', want: mailbox('ann', 'example.123') },
    { text: '<ann@XN--BCHER-KVA.example>', want: mailbox('ann', 'xn--bcher-kva.example') },
    { text: '<ann@[192.0.2.1]>', want: mailbox('ann', '[192.0.2.1]') },
    { text: '<ann@[ipv6:2001:DB8:0:0::1]>', want: mailbox('ann', '[IPv6:2001:db8::1]') },
    { text: '<ann@[IPv6:::ffff:192.0.2.1]>', want: mailbox('ann', '[IPv6:::ffff:c000:201]') },
    { text: '<ann@[X-Net:a>b]>', want: mailbox('ann', '[x-net:a>b]') },
    { text: '<@one.test,@[IPv6:::1]:ann@example.test>', want: mailbox('ann', 'example.test') },
    { text: '<Postmaster>', want: mailbox('postmaster', 'mx.example.test') },
    { text: '<POSTMASTER@example.test>', want: mailbox('POSTMASTER', 'example.test') },
    { text: `<${'a'.repeat(64)}@example.test>`, want: mailbox('a'.repeat(64), 'example.test') },
    { text: `<srs0=${'a'.repeat(200)}@example.test>`, want: mailbox(`srs0=${'a'.repeat(200)}`, 'example.test') },
  ];
  test.each(accepted)('$text is read', ({ text, want }) => {
    expect(parseForwardPath(text, ascii)).toEqual({ kind: 'path', path: want, rest: '', beyondAscii: false });
  });

  const refused = [
    '',
    '<>',
    '<',
    'ann@example.test',
    '<ann>',
    '<ann@>',
    '<@example.test>',
    '<ann@example.test',
    '< ann@example.test>',
    '<ann@example.test >',
    '<ann lee@example.test>',
    '<.ann@example.test>',
    '<ann.@example.test>',
    '<an..n@example.test>',
    '<"ann@example.test>',
    '<"ann"lee@example.test>',
    '<"ann"."lee"@example.test>',
    '<ann@lee@example.test>',
    '<(comment)ann@example.test>',
    '<ann@example.test.>',
    '<ann@.example.test>',
    '<ann@example..test>',
    '<ann@-example.test>',
    '<ann@example-.test>',
    '<ann@exa mple.test>',
    '<ann@example.test#>',
    `<ann@${'a'.repeat(64)}.test>`,
    '<ann@127.0.0.1>',
    '<ann@0x7f.1>',
    '<ann@2130706433>',
    '<ann@[192.0.2.256]>',
    '<ann@[192.0.2.01]>',
    '<ann@[192.0.2.1>',
    '<ann@[IPv6:1:2:3:4:5:6:7]>',
    '<ann@[IPv6:fe80::1%eth0]>',
    '<ann@[2001:db8::1]>',
    '<ann@[fe80::1]>',
    '<@one.test;ann@example.test>',
    '<@:ann@example.test>',
    '<@-.test:ann@example.test>',
    '<ann <ann@example.test>>',
    '<änn@example.test>',
    '<ann@bücher.example>',
    '<abuse>',
    `<${'a'.repeat(65)}@example.test>`,
    `<${'a'.repeat(64)}@${'b.'.repeat(94)}test>`,
    `<SRS0=${'a'.repeat(240)}@example.test>`,
    `<SRS2=${'a'.repeat(60)}@example.test>`,
  ];
  test.each(refused)('%s is malformed', text => {
    expect(parseForwardPath(text, ascii)).toEqual({ kind: 'malformed', reason: expect.any(String) });
  });

  test('the longest path has 256 octets', () => {
    const longest = `<${'a'.repeat(64)}@${'b.'.repeat(93)}tst>`;
    expect(longest).toHaveLength(256);
    expect(parseForwardPath(longest, ascii).kind).toBe('path');
    expect(parseForwardPath(longest.replace('tst', 'test'), ascii).kind).toBe('malformed');
  });

  test('limits count octets, not characters', () => {
    expect(parseForwardPath(`<${'ä'.repeat(32)}@example.test>`, utf8).kind).toBe('path');
    expect(parseForwardPath(`<${'ä'.repeat(33)}@example.test>`, utf8).kind).toBe('malformed');
  });

  test('with SMTPUTF8 the address goes beyond ASCII and the domain becomes A-labels', () => {
    const want = { kind: 'path', path: mailbox('änn', 'xn--bcher-kva.example'), rest: '', beyondAscii: true };
    expect(parseForwardPath('<änn@Bücher.example>', utf8)).toEqual(want);
    expect(parseForwardPath('<ann@example.test> ORCPT=rfc822;änn', utf8)).toMatchObject({ beyondAscii: false });
  });

  test.each(['<ann@１２７.0.0.1>', '<ann@ü%2e.test>', '<ann@℀.test>', '<ann@ü..test>'])(
    '%s is no domain, whatever a URL would make of it',
    text => {
      expect(parseForwardPath(text, utf8).kind).toBe('malformed');
    },
  );

  test('the rest starts after the closing bracket', () => {
    expect(parseForwardPath('<"a> b"@example.test> NOTIFY=NEVER', ascii)).toMatchObject({ rest: ' NOTIFY=NEVER' });
  });

  test('control characters are refused, so that none reaches a file, a log or a header', () => {
    for (const character of ['\0', '\t', '\r', '\n', '\r\n', '\u007f', '\u0085', '\u2028', '\ufffd', '\ud800']) {
      expect(parseForwardPath(`<"a${character}b"@example.test>`, utf8).kind).toBe('malformed');
      expect(parseForwardPath(`<"a\\${character}b"@example.test>`, utf8).kind).toBe('malformed');
    }
  });
});

describe('a reverse-path', () => {
  test('<> is the null reverse-path', () => {
    expect(parseReversePath('<> SIZE=1', ascii)).toEqual({
      kind: 'path',
      path: null,
      rest: ' SIZE=1',
      beyondAscii: false,
    });
  });

  test('a postmaster without a domain is no sender', () => {
    expect(parseReversePath('<postmaster>', ascii).kind).toBe('malformed');
  });
});

describe('a mailbox in a configuration', () => {
  test('has no angle brackets and may go beyond ASCII', () => {
    expect(parseMailbox('änn@example.test')).toEqual(mailbox('änn', 'example.test'));
    expect(parseMailbox('<ann@example.test>')).toBeNull();
    expect(parseMailbox('ann@example.test, bob@example.test')).toBeNull();
    expect(parseMailbox('postmaster')).toBeNull();
  });

  test('is the same only in the same case', () => {
    expect(sameMailbox(mailbox('ann', 'example.test'), mailbox('ann', 'example.test'))).toBe(true);
    expect(sameMailbox(mailbox('ann', 'example.test'), mailbox('Ann', 'example.test'))).toBe(false);
    expect(sameMailbox(mailbox('ann', 'example.test'), mailbox('ann', 'example.org'))).toBe(false);
  });

  test('needs SMTPUTF8 only for its local part', () => {
    expect(needsSmtpUtf8(mailbox('änn', 'example.test'))).toBe(true);
    expect(needsSmtpUtf8(parseMailbox('ann@bücher.example'))).toBe(false);
    expect(needsSmtpUtf8(null)).toBe(false);
  });
});

describe('writing', () => {
  test('quotes a local part only where it must', () => {
    expect(formatPath(mailbox('ann.lee', 'example.test'))).toBe('<ann.lee@example.test>');
    expect(formatPath(mailbox('ann..lee', 'example.test'))).toBe('<"ann..lee"@example.test>');
    expect(formatPath(mailbox('', 'example.test'))).toBe('<""@example.test>');
    expect(formatPath(mailbox('a"\\', 'example.test'))).toBe(String.raw`<"a\"\\"@example.test>`);
    expect(formatPath(null)).toBe('<>');
  });

  test('header injection through a made-up mailbox is refused', () => {
    for (const bad of ['a\r\nX: 1', 'a\0', 'a\n']) {
      expect(() => formatMailbox(mailbox(bad, 'example.test'))).toThrow(RangeError);
      expect(() => formatMailbox(mailbox('a', `${bad}.test`))).toThrow(RangeError);
    }
    expect(() => formatMailbox(mailbox('a', 'x> SIZE=1'))).toThrow(RangeError);
  });

  const anyLocalPart = fc
    .string({ unit: 'grapheme', maxLength: 30 })
    .filter(text => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd]/.test(text))
    .filter(text => Buffer.byteLength(JSON.stringify(text)) <= 64);
  const anyDomain = fc.oneof(
    fc.domain(),
    fc.ipV4().map(ip => `[${ip}]`),
    fc.ipV6().map(ip => `[IPv6:${ip}]`),
  );

  test('and parsing again gives the same mailbox', () => {
    fc.assert(
      fc.property(anyLocalPart, anyDomain, (localPart, domain) => {
        const canonical = parseMailbox(`a@${domain}`)?.domain;
        if (canonical === undefined) return;
        const written = mailbox(localPart, canonical);
        expect(parseMailbox(formatMailbox(written))).toEqual(written);
        expect(parseReversePath(formatPath(written), utf8)).toMatchObject({ path: written, rest: '' });
      }),
    );
  });

  test('of whatever was parsed from any text is canonical', () => {
    const text = anyText('<', '>', '@', '"', '\\', '.', 'a', 'Ü', '[', ']', ':', ' ', '1', '<a@b', '@c.d>', '<"x');
    fc.assert(
      fc.property(text, text => {
        const found = parseReversePath(text, utf8);
        if (found.kind === 'path') {
          const { path, rest } = found;
          expect(parseReversePath(formatPath(path) + rest, utf8)).toMatchObject({ kind: 'path', path, rest });
        }
        const read = parseMailbox(text);
        if (read !== null) expect(parseMailbox(formatMailbox(read))).toEqual(read);
      }),
    );
  });
});
