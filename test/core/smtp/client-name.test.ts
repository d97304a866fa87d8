import { describe, expect, test } from 'vitest';
import { confirmedName } from '../../../core/smtp/client-name.ts';
import { type FakeZones, fakeResolver } from '../../../core/testing/fake-resolver.ts';

const ADDRESS = '192.0.2.1';

describe('a name counts where reverse DNS says it and forward DNS confirms it', () => {
  test.for<{ what: string; zones: FakeZones; want: string | null }>([
    { what: 'no reverse', zones: {}, want: null },
    {
      what: 'confirmed',
      zones: { [ADDRESS]: { PTR: ['Client.Test.'] }, 'client.test': { A: [ADDRESS] } },
      want: 'client.test',
    },
    { what: 'forged', zones: { [ADDRESS]: { PTR: ['bank.test'] }, 'bank.test': { A: ['192.0.2.9'] } }, want: null },
    { what: 'forward missing', zones: { [ADDRESS]: { PTR: ['client.test'] } }, want: null },
    { what: 'reverse unavailable', zones: { [ADDRESS]: 'unavailable' }, want: 'nobody can say' },
    {
      what: 'forward unavailable',
      zones: { [ADDRESS]: { PTR: ['client.test'] }, 'client.test': 'unavailable' },
      want: 'nobody can say',
    },
    {
      what: 'the second of two',
      zones: { [ADDRESS]: { PTR: ['old.test', 'client.test'] }, 'client.test': { A: ['192.0.2.7', ADDRESS] } },
      want: 'client.test',
    },
    {
      what: 'no host name',
      zones: { [ADDRESS]: { PTR: ['a b.test\r\nX: y'] }, 'a b.test\r\nx: y': { A: [ADDRESS] } },
      want: null,
    },
  ])('$what', async ({ zones, want }) => {
    const found = await confirmedName(fakeResolver(zones), ADDRESS);
    expect(found.kind === 'known' ? found.name : 'nobody can say').toBe(want);
  });

  test('IPv6 addresses are compared by what they are, not by how they are written', async () => {
    const zones = { '2001:db8::1': { PTR: ['six.test'] }, 'six.test': { AAAA: ['2001:DB8:0:0::1'] } };
    expect(await confirmedName(fakeResolver(zones), '2001:db8::1')).toEqual({ kind: 'known', name: 'six.test' });
  });
});

test('denial of service: of many names only the first few are looked up', async () => {
  const resolver = fakeResolver({ [ADDRESS]: { PTR: Array.from({ length: 500 }, (_, index) => `n${index}.test`) } });
  await confirmedName(resolver, ADDRESS);
  expect(resolver.queries.length).toBeLessThan(12);
});
