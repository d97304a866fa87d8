/** Routing over real DNS: a server on loopback, asked by the resolver of the machine. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { RESOLVER } from '../../../core/index.ts';
import { systemResolver } from '../../../core/system/resolver.ts';
import { harness, provide } from '../../../core/testing.ts';
import mxRouting from '../../../plugins/mx-routing/index.ts';
import { type DnsZones, dnsServer } from '../../support/dns-server.ts';

async function answerFor(domain: string, zones: DnsZones) {
  const server = await dnsServer(zones);
  onTestFinished(server.close);
  const resolver = systemResolver({ servers: [server.address], timeout: 200, tries: 1 });
  const options = { privateAddresses: 'allow', transport: 'internet' };
  const { route } = await harness(mxRouting, options, { provide: [provide(RESOLVER, resolver)] });
  return route(`bob@${domain}`);
}

const HOST = { name: 'mail.example.test', port: 25, addresses: ['192.0.2.1', '2001:db8::1'], preference: 10 };
const MX_HOST = { 'mail.example.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] } } as const;
const DEFERRED = { kind: 'defer', reply: { code: 451, status: '4.4.3' } };

describe('a domain whose DNS', () => {
  test.each([
    { about: 'has an MX record', zone: { MX: [[10, 'mail.example.test']] }, want: { hosts: [HOST] } },
    {
      about: 'is long and comes over TCP',
      zone: { MX: [[10, 'mail.example.test']], truncate: true },
      want: { hosts: [HOST] },
    },
    { about: 'is an alias of one with MX', zone: { CNAME: 'real.test' }, want: { hosts: [HOST] } },
    {
      about: 'names an exchanger that is an alias',
      zone: { MX: [[10, 'alias.test']] },
      want: { hosts: [{ ...HOST, name: 'alias.test' }] },
    },
    {
      about: 'has an address only',
      zone: { A: ['192.0.2.5'] },
      want: { hosts: [{ name: 'example.test', port: 25, addresses: ['192.0.2.5'], preference: 0 }] },
    },
    {
      about: 'has a null MX',
      zone: { MX: [[0, '']] },
      want: { kind: 'reject', reply: { code: 556, status: '5.1.10' } },
    },
    { about: 'knows no such name', zone: 'nxdomain', want: { kind: 'reject', reply: { code: 550, status: '5.1.2' } } },
    { about: 'fails', zone: 'servfail', want: DEFERRED },
    { about: 'refuses to answer', zone: 'refused', want: DEFERRED },
    { about: 'is silent', zone: 'silent', want: DEFERRED },
    { about: 'answers garbage', zone: 'garbage', want: DEFERRED },
    { about: 'fails for the exchanger', zone: { MX: [[10, 'broken.test']] }, want: DEFERRED },
  ] as const)('$about', async ({ zone, want }) => {
    const zones: DnsZones = {
      ...MX_HOST,
      'real.test': { MX: [[10, 'mail.example.test']] },
      'alias.test': { CNAME: 'mail.example.test' },
      'broken.test': 'servfail',
      'example.test': zone,
    };
    expect(await answerFor('example.test', zones)).toMatchObject(want);
  });
});
