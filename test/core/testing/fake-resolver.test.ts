import { fakeResolver } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';

describe('a fake resolver', () => {
  test('knows nothing of what it was not told', async () => {
    const resolver = fakeResolver();
    expect(await resolver.mx('example.test')).toEqual({ kind: 'no-such-domain' });
    expect(await resolver.addresses('example.test')).toEqual({ kind: 'no-such-domain' });
    expect(await resolver.txt('example.test')).toEqual({ kind: 'no-such-domain' });
    expect(await resolver.reverse('192.0.2.1')).toEqual({ kind: 'no-such-domain' });
    expect(resolver.queries).toEqual([
      'MX example.test',
      'A example.test',
      'AAAA example.test',
      'TXT example.test',
      'PTR 192.0.2.1',
    ]);
  });

  test('answers with its records, whatever the case of the name and with a final dot', async () => {
    const resolver = fakeResolver({
      'example.test': { MX: [[10, 'mx.test']], A: ['192.0.2.1'], AAAA: ['2001:db8::1'], TXT: ['v=spf1 -all'] },
      '192.0.2.1': { PTR: ['example.test'] },
    });
    expect(await resolver.mx('Example.Test.')).toEqual({
      kind: 'found',
      records: [{ preference: 10, exchange: 'mx.test' }],
    });
    expect(await resolver.addresses('example.test')).toEqual({ kind: 'found', records: ['192.0.2.1', '2001:db8::1'] });
    expect(await resolver.txt('example.test')).toEqual({ kind: 'found', records: ['v=spf1 -all'] });
    expect(await resolver.reverse('192.0.2.1')).toEqual({ kind: 'found', records: ['example.test'] });
  });

  test('has no records of a type that a known name lacks', async () => {
    const resolver = fakeResolver({ 'example.test': { A: [] } });
    expect(await resolver.mx('example.test')).toEqual({ kind: 'no-records' });
    expect(await resolver.addresses('example.test')).toEqual({ kind: 'no-records' });
  });

  test('fails where it was told to, for a name or for one type of it', async () => {
    const resolver = fakeResolver({ 'down.test': 'unavailable', 'half.test': { AAAA: 'unavailable' } });
    expect(await resolver.mx('down.test')).toMatchObject({ kind: 'unavailable' });
    expect(await resolver.mx('half.test')).toEqual({ kind: 'no-records' });
    expect(await resolver.addresses('half.test')).toMatchObject({ kind: 'unavailable' });
  });

  test('knows something else after it was told so', async () => {
    const resolver = fakeResolver({ 'example.test': 'unavailable' });
    resolver.set({ 'example.test': { TXT: ['now'] } });
    expect(await resolver.txt('example.test')).toEqual({ kind: 'found', records: ['now'] });
  });
});
