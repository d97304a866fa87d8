/** `mailframe route`: what it prints, and what it leaves alone. */
import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DnsZones, dnsServer } from '../../support/dns-server.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));
const TLSA = { usage: 3, selector: 1, matchingType: 1, data: 'ab'.repeat(32) };
const SIGNED = { authentic: true, ttl: 300 } as const;
const ZONES: DnsZones = {
  '.': SIGNED,
  'signed.test': { ...SIGNED, MX: [[10, 'mail.signed.test']] },
  'mail.signed.test': { ...SIGNED, A: ['192.0.2.1'] },
  '_25._tcp.mail.signed.test': { ...SIGNED, TLSA: [TLSA] },
  'plain.test': {
    MX: [
      [10, 'a.plain.test'],
      [20, 'b.plain.test'],
      [20, 'inside.plain.test'],
    ],
    ttl: 60,
  },
  'a.plain.test': { A: ['198.51.100.1'], ttl: 60 },
  'b.plain.test': { A: ['198.51.100.2'], ttl: 60 },
  'inside.plain.test': { A: ['10.0.0.1'], ttl: 60 },
  'broken.test': 'servfail',
  'odd.test': { MX: [[10, 'e\u001b[31mvil.test']] },
};

async function gateway({ dnssec = 'trusted', privateAddresses = 'allow' } = {}) {
  const dns = await dnsServer(ZONES);
  onTestFinished(dns.close);
  const folder = await tempFolder();
  await writeFile(
    join(folder, 'mailframe.config.yaml'),
    `\
hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
resolver: { servers: ["${dns.address}"], dnssec: ${dnssec} }
plugins:
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mx-routing, options: { privateAddresses: ${privateAddresses} } }
  - { use: smtp-relay, as: internet }
routes:
  - { when: { sender: "@sales.test" }, deliver: internet, hosts: ["[192.0.2.9]:587"], tls: verify }
  - { deliver: internet }
`,
  );
  const run = (...args: readonly string[]) =>
    new Promise<{ code: number; out: string; err: string }>(resolve => {
      execFile(process.execPath, [COMMAND, 'route', ...args], { cwd: folder }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
      });
    });
  return { folder, run };
}

describe('route', () => {
  test('shows hosts in their order, TLS and the reasons, and leaves nothing behind', async () => {
    const { run, folder } = await gateway();
    const { out, code } = await run('bob@signed.test', '--from', 'ann@example.test');
    expect(out).toBe(`\
<bob@signed.test> (from <ann@example.test>): routed by internet
  1. mail.signed.test port 25, preference 10: 192.0.2.1
     TLS: dane by 3 1 1 ${'ab'.repeat(32)}
because
  routes[1]: matches all mail
  MX signed.test: 10 mail.signed.test (for 5 min; DNSSEC vouches for it)
  MTA-STS signed.test: no policy is announced
  mail.signed.test: 192.0.2.1 (for 5 min; DNSSEC vouches for it)
  TLSA _25._tcp.mail.signed.test: 3 1 1 ${'ab'.repeat(32)} (for 5 min; DNSSEC vouches for it)
`);
    expect(code).toBe(0);
    expect(await readdir(folder)).toEqual(['mailframe.config.yaml']);
  });

  test('says that the resolver cannot tell', async () => {
    const { run } = await gateway({ dnssec: 'ignored' });
    const { out } = await run('bob@signed.test');
    expect(out).toContain('(for 5 min; the resolver is not trusted to know whether it is signed)');
    expect(out).toContain('TLS: as the transport has it');
  });

  test('says why hosts were dropped', async () => {
    const { run } = await gateway({ privateAddresses: 'refuse' });
    const { out, code } = await run('bob@plain.test');
    expect(out).toContain('inside.plain.test: 10.0.0.1 private (RFC 1918)');
    expect(out).toContain('bounced\n  550 5.4.4');
    expect(code).toBe(1);
  });

  test('goes by the sender where a route does', async () => {
    const { run } = await gateway();
    const { out } = await run('bob@plain.test', '--from', 'ann@sales.test');
    expect(out).toContain('1. 192.0.2.9 port 587, preference 0: 192.0.2.9\n     TLS: verify\n');
    expect(out).toContain('routes[0]: matches: sender is @sales.test');
  });

  test('prints the same as JSON', async () => {
    const { run } = await gateway();
    const { out } = await run('bob@signed.test', '--json');
    expect(JSON.parse(out)).toMatchObject({
      recipient: '<bob@signed.test>',
      sender: '<>',
      result: 'routed',
      transport: 'internet',
      hosts: [{ name: 'mail.signed.test', addresses: ['192.0.2.1'], tls: { level: 'dane', tlsa: [TLSA] } }],
      reply: null,
    });
  });

  test('tells trouble of DNS from a domain that is not there', async () => {
    const { run } = await gateway();
    expect((await run('bob@broken.test')).out).toMatch(
      /deferred\n {2}451 4\.4\.3 .*\nbecause\n.*\n {2}mx-routing: MX broken\.test: .*SERVFAIL/,
    );
    expect((await run('bob@missing.test')).out).toContain('bounced\n  550 5.1.2');
  });

  test('terminal escapes out of DNS do not reach the terminal', async () => {
    const { run } = await gateway();
    const { out } = await run('bob@odd.test');
    expect(out).not.toContain('\u001b');
    expect(out).toContain('vil.test');
  });

  test('refuses what is no address', async () => {
    const { run } = await gateway();
    expect(await run('bob')).toMatchObject({ code: 1, err: expect.stringContaining('An address is expected') });
  });
});
