import { describe, expect, test } from 'vitest';
import { parseXclient, UNKNOWN_ADDRESS } from '../../../core/smtp/xclient.ts';
import { aSession } from '../../../core/testing/builders.ts';
import { NEVER_A_VALUE } from './never-a-value.ts';

const BEFORE = { address: '192.0.2.20', port: 4711, name: 'front.test' };
const SESSION = aSession({ client: BEFORE });

/** What a command that tells nothing would mean. */
const SAME = {
  kind: 'introduction',
  client: BEFORE,
  address: 'as before',
  name: 'as before',
  greeting: null,
  user: null,
};

/** What an address alone means. */
const from = (address: string) => ({
  client: { address, port: 0, name: null },
  address: 'told',
  name: 'to be looked up',
});

describe('XCLIENT is read', () => {
  test.each([
    {
      argument: 'NAME=Client.Test ADDR=203.0.113.7 PORT=40000',
      want: { client: { address: '203.0.113.7', port: 40_000, name: 'client.test' }, address: 'told', name: 'told' },
    },
    {
      argument: 'addr=203.0.113.7',
      want: from('203.0.113.7'),
    },
    {
      argument: 'ADDR=IPV6:2001:DB8:0:0::7',
      want: from('2001:db8::7'),
    },
    {
      argument: 'ADDR=ipv6:::ffff:203.0.113.7',
      want: from('203.0.113.7'),
    },
    {
      argument: 'ADDR=[unavailable]',
      want: { ...from(UNKNOWN_ADDRESS), name: 'told' },
    },
    { argument: 'NAME=client.test', want: { client: { ...BEFORE, name: 'client.test' }, name: 'told' } },
    { argument: 'NAME=[UNAVAILABLE]', want: { client: { ...BEFORE, name: null }, name: 'told' } },
    { argument: 'NAME=[TempUnavail]', want: { client: { ...BEFORE, name: null }, name: 'told' } },
    {
      argument: 'NAME=b+C3+BCcher.example',
      want: { client: { ...BEFORE, name: 'xn--bcher-kva.example' }, name: 'told' },
    },
    { argument: 'PORT=0', want: { client: { ...BEFORE, port: 0 } } },
    { argument: 'PORT=[UNAVAILABLE]', want: { client: { ...BEFORE, port: 0 } } },
    { argument: 'HELO=there.test', want: { greeting: { verb: 'HELO', domain: 'there.test' } } },
    { argument: 'HELO=[203.0.113.7] PROTO=esmtp', want: { greeting: { verb: 'EHLO', domain: '[203.0.113.7]' } } },
    { argument: 'PROTO=SMTP  HELO=there+2Etest', want: { greeting: { verb: 'HELO', domain: 'there.test' } } },
    { argument: 'HELO=[UNAVAILABLE] PROTO=ESMTP', want: {} },
    { argument: 'PROTO=ESMTP', want: {} },
    { argument: 'LOGIN=ann+40example.test', want: { user: 'ann@example.test' } },
    { argument: 'LOGIN=J+C3+BCrgen+20Klein', want: { user: 'Jürgen Klein' } },
    { argument: 'LOGIN=[UNAVAILABLE]', want: {} },
    { argument: 'DESTADDR=192.0.2.1 DESTPORT=25', want: {} },
    { argument: 'DESTADDR=[UNAVAILABLE] DESTPORT=[UNAVAILABLE]', want: {} },
  ])('$argument', ({ argument, want }) => {
    expect(parseXclient(argument, SESSION)).toEqual({ ...SAME, ...want });
  });

  test('by LMTP clients greet with LHLO', () => {
    const read = parseXclient('HELO=there.test PROTO=ESMTP', { ...SESSION, protocol: 'lmtp' });
    expect(read).toMatchObject({ greeting: { verb: 'LHLO', domain: 'there.test' } });
  });
});

const SYNTAX = 'Syntax: XCLIENT attribute=value...';
const bad = (name: string) => `Bad value of the attribute ${name}`;

describe('threat: injection through XCLIENT', () => {
  const attributes = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'LOGIN', 'DESTADDR', 'DESTPORT'];
  const rows = attributes.flatMap(name => NEVER_A_VALUE.map(({ what, value }) => ({ name, what, value })));

  test.each(rows)('$name with $what is refused', ({ name, value }) => {
    expect(parseXclient(`${name}=${value}`, SESSION)).toEqual({
      kind: 'refused',
      reply: { code: 501, status: '5.5.4', text: bad(name) },
    });
  });
});

describe('XCLIENT is refused', () => {
  test.each([
    ['', SYNTAX],
    ['NAME', bad('NAME')],
    ['NAME=', SYNTAX],
    ['NAME=a=b', SYNTAX],
    ['=a', SYNTAX],
    ['NAME = a', SYNTAX],
    ['NAME=a\tb', SYNTAX],
    ['NAME=client.test,ADDR=203.0.113.7', SYNTAX],
    ['REVERSE_NAME=client.test', SYNTAX],
    ['IDENT=1', 'There is no such attribute of XCLIENT'],
    ['__proto__=1', SYNTAX],
    ['CONSTRUCTOR=1', 'There is no such attribute of XCLIENT'],
    ['NAME=a.test NAME=b.test', 'The attribute NAME is there twice'],
    ['NAME=a.test name=a.test', 'The attribute NAME is there twice'],
    ['NAME=[NONE]', bad('NAME')],
    ['NAME=[203.0.113.7]', bad('NAME')],
    ['NAME=203.0.113.7', bad('NAME')],
    ['NAME=a..b', bad('NAME')],
    ['NAME=client.test.', bad('NAME')],
    ['NAME=-a.test', bad('NAME')],
    ['NAME=a+20b.test', bad('NAME')],
    ['NAME=<a>.test', bad('NAME')],
    [`NAME=${'a'.repeat(64)}.test`, bad('NAME')],
    ['ADDR=[TEMPUNAVAIL]', bad('ADDR')],
    ['ADDR=client.test', bad('ADDR')],
    ['ADDR=[203.0.113.7]', bad('ADDR')],
    ['ADDR=203.0.113.07', bad('ADDR')],
    ['ADDR=203.0.113.7:25', bad('ADDR')],
    ['ADDR=0x7f000001', bad('ADDR')],
    ['ADDR=2001:db8::7', bad('ADDR')],
    ['ADDR=IPV6:203.0.113.7', bad('ADDR')],
    ['ADDR=IPV6:fe80::1%eth0', bad('ADDR')],
    ['ADDR=IPV6:', bad('ADDR')],
    ['PORT=65536', bad('PORT')],
    ['PORT=-1', bad('PORT')],
    ['PORT=0x19', bad('PORT')],
    ['PORT=000025', bad('PORT')],
    ['PORT=1e3', bad('PORT')],
    ['PROTO=[UNAVAILABLE]', bad('PROTO')],
    ['PROTO=LMTP', bad('PROTO')],
    ['HELO=a+20b', bad('HELO')],
    ['HELO=a+EF+BF+BDb', bad('HELO')],
    ['DESTADDR=mx', bad('DESTADDR')],
    ['DESTPORT=smtp', bad('DESTPORT')],
    ['ADDR=203.0.113.7 PORT=none', bad('PORT')],
  ])('%j: %s', (argument, text) => {
    expect(parseXclient(argument, SESSION)).toEqual({ kind: 'refused', reply: { code: 501, status: '5.5.4', text } });
  });
});
