/** `routes:` as people write them: hosts that share the load, maps, other domains, TLS; and what is wrong with some. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inertServices } from '../../../core/cli/inert-services.ts';
import { compile } from '../../../core/compile.ts';
import { formatComplaint } from '../../../core/config/complaint.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const FRAME = `\
hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
plugins:
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mx-routing }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
  - { use: smtp-relay, as: internet }
routes:
`;

async function compiled(routes: string, frame = FRAME) {
  const folder = await tempFolder();
  const file = join(folder, 'c.yaml');
  await writeFile(file, frame + routes);
  const result = await compile(file, { env: {}, now: new Date(), scope: inertServices });
  const list = result.kind === 'refused' ? result.complaints : result.warnings;
  return {
    routes: result.kind === 'compiled' ? result.routes : [],
    complaints: list.map(complaint => formatComplaint(complaint).replaceAll(`${folder}/`, '')),
  };
}

describe('a route', () => {
  test('names hosts in the order to try; those of an inner list share the load', async () => {
    const { routes } = await compiled(
      '  - { deliver: internet, hosts: [["a.test:587", { host: "b.test:587", weight: 3 }], "[192.0.2.1]"] }\n',
    );
    expect(routes[0]?.hosts).toEqual([
      { name: 'a.test', port: 587, addresses: [], preference: 0 },
      { name: 'b.test', port: 587, addresses: [], preference: 0, weight: 3 },
      { name: '192.0.2.1', port: 25, addresses: ['192.0.2.1'], preference: 1 },
    ]);
  });

  test('that delivers here says nothing of TLS', async () => {
    const { routes, complaints } = await compiled(`\
  - deliver: internet
    tls: encrypt
    map:
      ann@Example.TEST: "[192.0.2.1]"
      "@one.test": ["a.test", "b.test"]
      "@.one.test": { exchangersOf: two.test, tls: { level: verify, names: [.two.test] } }
      "@here.test": { deliver: mailboxes, tls: may }
      "*": { tls: dane }
`);
    expect(complaints).toEqual(['c.yaml:15:43: routes[0].map.@here.test.tls: "mailboxes" delivers on this machine']);
    expect(routes).toEqual([]);
  });

  test('with a map has an entry for each address', async () => {
    const { routes, complaints } = await compiled(`\
  - deliver: internet
    tls: encrypt
    map:
      ann@Example.TEST: "[192.0.2.1]"
      "@one.test": ["a.test", "b.test"]
      "@.one.test": { exchangersOf: two.test, tls: { level: verify, names: [.two.test] } }
      "*": { tls: dane }
`);
    expect(complaints).toEqual([]);
    const encrypt = { level: 'encrypt', names: [] };
    expect(Object.fromEntries(routes[0]?.map?.entries ?? [])).toEqual({
      'ann@example.test': {
        transport: 'internet',
        tls: encrypt,
        hosts: [{ name: '192.0.2.1', port: 25, addresses: ['192.0.2.1'], preference: 0 }],
      },
      '@one.test': {
        transport: 'internet',
        tls: encrypt,
        hosts: [
          { name: 'a.test', port: 25, addresses: [], preference: 0 },
          { name: 'b.test', port: 25, addresses: [], preference: 1 },
        ],
      },
      '@.one.test': {
        transport: 'internet',
        hosts: null,
        exchangersOf: 'two.test',
        tls: { level: 'verify', names: ['.two.test'] },
      },
      '*': { transport: 'internet', hosts: null, tls: { level: 'dane', names: [] } },
    });
  });
});

describe('a complaint is made where', () => {
  test.each([
    {
      about: 'a map entry is no address',
      routes: '  - { deliver: internet, map: { one.test: "a.test" } }\n',
      want: 'c.yaml:9:33: routes[0].map.one.test: an address, "@domain", "@.domain" for its subdomains, "<>" or "*" is expected',
    },
    {
      about: 'hosts and their domain are both named',
      routes: '  - { deliver: internet, hosts: [a.test], exchangersOf: one.test }\n',
      want: 'c.yaml:9:57: routes[0].exchangersOf: hosts are named already: leave one of both out',
    },
    {
      about: 'the policy of a domain is wanted for hosts that are named',
      routes: '  - { deliver: internet, hosts: [a.test], tls: sts }\n',
      want: 'c.yaml:9:48: routes[0].tls: MTA-STS is about the hosts that DNS names for a domain: say tls: verify for hosts named here',
    },
    {
      about: 'a map sends to a transport that there is not',
      routes: '  - { deliver: internet, map: { "*": { deliver: intrenet } } }\n',
      want: 'c.yaml:9:49: routes[0].map.*.deliver: no plugin is named "intrenet"; did you mean "internet"?',
    },
    {
      about: 'a level is misspelt',
      routes: '  - { deliver: internet, tls: encrpt }\n',
      want: 'c.yaml:9:31: routes[0].tls: "none", "may", "encrypt", "verify", "dane" or "sts" is expected; did you mean "encrypt"?',
    },
    {
      about: 'what comes after a map that knows everybody',
      routes: '  - { deliver: internet, map: { "*": "a.test" } }\n  - { deliver: internet }\n',
      want: 'c.yaml:10:5: warning: routes[1]: never asked: the route above it matches all mail',
    },
  ])('$about', async ({ routes, want }) => {
    expect((await compiled(routes)).complaints).toEqual([want]);
  });

  test('nobody looks TLSA records up', async () => {
    const frame = FRAME.replace('  - { use: mx-routing }\n', '');
    const { complaints } = await compiled('  - { deliver: internet, hosts: [a.test], tls: dane }\n', frame);
    expect(complaints).toEqual([
      'c.yaml:8:48: routes[0].tls: nobody looks TLSA records up: add a plugin that does, such as mx-routing',
    ]);
  });
});
