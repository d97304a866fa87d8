/** The option types of mail: what is taken, what is refused, and what editors are told. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import * as types from '../../../core/plugin/option-types.ts';
import { validate } from '../../../core/plugin/validate.ts';

async function outcome(schema: z.ZodType, written: unknown): Promise<unknown> {
  const result = await validate(schema, written);
  return result.kind === 'valid' ? result.value : result.faults.map(fault => fault.message).join(' / ');
}

describe('what is written is read', () => {
  test.each([
    { name: 'size', schema: types.size(), written: '25 MiB', want: 26_214_400 },
    { name: 'size', schema: types.size(), written: 512, want: 512 },
    { name: 'duration', schema: types.duration(), written: '4 h', want: 14_400_000 },
    { name: 'domainName', schema: types.domainName(), written: 'Bücher.Example', want: 'xn--bcher-kva.example' },
    {
      name: 'mailbox',
      schema: types.mailbox(),
      written: 'Ann@Example.Test',
      want: { localPart: 'Ann', domain: 'example.test' },
    },
    { name: 'addressPattern', schema: types.addressPattern(), written: '<>', want: { kind: 'null' } },
    {
      name: 'addressPattern',
      schema: types.addressPattern(),
      written: '@.example.test',
      want: { kind: 'domain', domain: 'example.test', subdomains: true },
    },
    { name: 'cidr', schema: types.cidr(), written: '192.0.2.0/24', want: '192.0.2.0/24' },
    { name: 'cidr', schema: types.cidr(), written: '2001:DB8::/032', want: '2001:db8::/32' },
    { name: 'cidr', schema: types.cidr(), written: '::1', want: '::1' },
    { name: 'ipAddress', schema: types.ipAddress(), written: '2001:DB8:0::1', want: '2001:db8::1' },
    {
      name: 'hostPort',
      schema: types.hostPort(),
      written: '[192.0.2.10]:2525',
      want: { name: '192.0.2.10', port: 2525, addresses: ['192.0.2.10'], preference: 0 },
    },
    { name: 'path', schema: types.path(), written: './aliases', want: './aliases' },
  ])('$name takes $written', async ({ schema, written, want }) => {
    expect(await outcome(schema, written)).toEqual(want);
  });
});

describe('what cannot be read is refused with an example', () => {
  test.each([
    { name: 'size', schema: types.size(), written: '25 megs', want: 'a size is expected, such as "25 MiB"' },
    { name: 'size', schema: types.size(), written: -1, want: 'must be at least 0' },
    { name: 'size', schema: types.size({ max: 1024 }), written: '2 KiB', want: 'must be at most 1 KiB' },
    { name: 'size', schema: types.size({ min: 1 }), written: 0, want: 'must be at least 1 B' },
    { name: 'duration', schema: types.duration(), written: 30, want: 'a duration with its unit is expected' },
    { name: 'duration', schema: types.duration(), written: '30', want: 'a duration with its unit is expected' },
    { name: 'duration', schema: types.duration({ min: 1000 }), written: '5 ms', want: 'must be at least 1 s' },
    { name: 'domainName', schema: types.domainName(), written: '[192.0.2.1]', want: 'a domain name is expected' },
    { name: 'mailbox', schema: types.mailbox(), written: 'ann', want: 'a mailbox is expected' },
    { name: 'addressPattern', schema: types.addressPattern(), written: 'example.test', want: 'an address, "@domain"' },
    { name: 'cidr', schema: types.cidr(), written: '192.0.2.0/33', want: 'an IP address or a range' },
    { name: 'cidr', schema: types.cidr(), written: '192.0.2/24', want: 'an IP address or a range' },
    { name: 'cidr', schema: types.cidr(), written: '::1/129', want: 'an IP address or a range' },
    { name: 'ipAddress', schema: types.ipAddress(), written: 'localhost', want: 'an IP address is expected' },
    { name: 'hostPort', schema: types.hostPort(), written: '192.0.2.10:25', want: 'an IP address needs brackets' },
    { name: 'path', schema: types.path(), written: '', want: 'a path is expected' },
    { name: 'path', schema: types.path(), written: 'a\0b', want: 'a path is expected' },
  ])('$name refuses $written', async ({ schema, written, want }) => {
    expect(await outcome(schema, written)).toContain(want);
  });
});

test('a missing option says what is expected', async () => {
  const schema = z.strictObject({ domain: types.domainName(), limit: types.size() });
  expect(await outcome(schema, {})).toBe(
    'is missing: a domain name is expected, such as "example.test" / ' +
      'is missing: a size is expected, such as "25 MiB" or a number of octets',
  );
});

describe('every type has a JSON Schema', () => {
  const all = {
    size: types.size(),
    duration: types.duration(),
    domainName: types.domainName(),
    mailbox: types.mailbox(),
    addressPattern: types.addressPattern(),
    cidr: types.cidr(),
    ipAddress: types.ipAddress(),
    hostPort: types.hostPort(),
    path: types.path(),
    secret: types.secret(),
  };
  test.each(Object.entries(all))('%s, with a description', (name, schema) => {
    const written = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    expect(written.description).toEqual(expect.any(String));
    expect(name === 'size' ? written.anyOf?.length : written.type).toBe(name === 'size' ? 2 : 'string');
  });
});
