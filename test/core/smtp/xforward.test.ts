import { describe, expect, test } from 'vitest';
import type { Forwarded } from '../../../core/mail/session.ts';
import { forwardedField, parseXforward } from '../../../core/smtp/xforward.ts';
import { NEVER_A_VALUE } from './never-a-value.ts';

const NOTHING: Forwarded = {
  name: null,
  address: null,
  port: null,
  protocol: null,
  helo: null,
  ident: null,
  source: null,
};

describe('XFORWARD is read', () => {
  test.each<{ argument: string; want: Partial<Forwarded> }>([
    {
      argument: 'NAME=Client.Test ADDR=203.0.113.7 PORT=40000',
      want: { name: 'client.test', address: '203.0.113.7', port: 40_000 },
    },
    { argument: 'ADDR=IPV6:2001:DB8::7', want: { address: '2001:db8::7' } },
    { argument: 'ADDR=IPV6:::ffff:203.0.113.7', want: { address: '203.0.113.7' } },
    {
      argument: 'PROTO=ESMTP HELO=[203.0.113.7] IDENT=4Nf5xY2hqBzQ SOURCE=REMOTE',
      want: { protocol: 'ESMTP', helo: '[203.0.113.7]', ident: '4Nf5xY2hqBzQ', source: 'remote' },
    },
    { argument: 'source=local proto=local', want: { protocol: 'local', source: 'local' } },
    { argument: 'HELO=my+2Dhost_1', want: { helo: 'my-host_1' } },
    {
      argument: 'NAME=[UNAVAILABLE] ADDR=[UNAVAILABLE] PORT=[UNAVAILABLE] PROTO=[UNAVAILABLE]',
      want: {},
    },
    { argument: 'HELO=[unavailable] IDENT=[Unavailable] SOURCE=[UNAVAILABLE]', want: {} },
    {
      argument: `IDENT=${'a'.repeat(255)} PROTO=${'b'.repeat(64)}`,
      want: { ident: 'a'.repeat(255), protocol: 'b'.repeat(64) },
    },
  ])('$argument', ({ argument, want }) => {
    expect(parseXforward(argument, null)).toEqual({ kind: 'forwarded', forwarded: { ...NOTHING, ...want } });
  });

  test('one command after the other: what is told anew counts, and what is unavailable goes', () => {
    const before = { ...NOTHING, name: 'client.test', address: '203.0.113.7', helo: 'there.test' };
    expect(parseXforward('HELO=[UNAVAILABLE] ADDR=203.0.113.8 IDENT=1', before)).toEqual({
      kind: 'forwarded',
      forwarded: { ...NOTHING, name: 'client.test', address: '203.0.113.8', ident: '1' },
    });
  });
});

const SYNTAX = 'Syntax: XFORWARD attribute=value...';
const bad = (name: string) => `Bad value of the attribute ${name}`;

describe('threat: injection through XFORWARD', () => {
  const attributes = ['NAME', 'ADDR', 'PORT', 'PROTO', 'HELO', 'IDENT', 'SOURCE'];
  const rows = attributes.flatMap(name => NEVER_A_VALUE.map(({ what, value }) => ({ name, what, value })));

  test.each(rows)('$name with $what is refused', ({ name, value }) => {
    expect(parseXforward(`${name}=${value}`, null)).toEqual({
      kind: 'refused',
      reply: { code: 501, status: '5.5.4', text: bad(name) },
    });
  });

  test.each(['"', '(', ')', ',', ';', '<', '>', '@', '\\', '+20', '+C3+BC', '+2B+0A'])(
    'a word with %s, which means something in a header, is refused',
    character => {
      for (const name of ['NAME', 'PROTO', 'HELO', 'IDENT']) {
        expect(parseXforward(`${name}=a${character}b`, null)).toMatchObject({
          kind: name === 'NAME' && character === '+C3+BC' ? 'forwarded' : 'refused',
        });
      }
    },
  );
});

describe('XFORWARD is refused', () => {
  test.each([
    ['', SYNTAX],
    ['NAME=', SYNTAX],
    ['NAME', bad('NAME')],
    ['LOGIN=ann', 'There is no such attribute of XFORWARD'],
    ['NAME=a NAME=b', 'The attribute NAME is there twice'],
    ['NAME=a..b', bad('NAME')],
    ['NAME=203.0.113.7', bad('NAME')],
    ['NAME=[TEMPUNAVAIL]', bad('NAME')],
    ['ADDR=2001:db8::7', bad('ADDR')],
    ['ADDR=client.test', bad('ADDR')],
    ['PORT=65536', bad('PORT')],
    [`PROTO=${'a'.repeat(65)}`, bad('PROTO')],
    ['SOURCE=SOMEWHERE', bad('SOURCE')],
    ['NAME=a.test SOURCE=SOMEWHERE', bad('SOURCE')],
  ])('%j: %s', (argument, text) => {
    expect(parseXforward(argument, null)).toEqual({ kind: 'refused', reply: { code: 501, status: '5.5.4', text } });
  });
});

test('the log has what is known, and no field where nobody said anything', () => {
  expect(forwardedField({ ...NOTHING, address: '203.0.113.7', port: 0 })).toEqual({
    forwarded: { address: '203.0.113.7', port: 0 },
  });
  expect(forwardedField(null)).toEqual({});
});
