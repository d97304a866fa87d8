/** Postfix's look-ups of addresses: a host has those that DNS gives, A before AAAA, less those that are filtered out. */
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { type FakeZones, harness } from '../../core/testing.ts';
import mxRouting from '../../plugins/mx-routing/index.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { compared, tally } from '../support/tally.ts';

const textOf = (file: string) => readFileSync(corpus('smtp', 'postfix-dns', file), 'utf8');

/** The zone that the expected output shows. */
function zone(): FakeZones {
  const records = [
    ...textOf('no-a.ref').matchAll(
      /^\S+: (?:ignoring DNS RR|.* reply filter): (\S+)\. \d+ IN (A|AAAA) ([\d.:a-f]*[\da-f])/gm,
    ),
  ];
  const zones: Record<string, { A: string[]; AAAA: string[] }> = {};
  for (const [, name = '', type = 'A', address = ''] of records) {
    const found = (zones[name] ??= { A: [], AAAA: [] })[type as 'A' | 'AAAA'];
    if (!found.includes(address)) found.push(address);
  }
  return zones;
}

/** `name port -> address port` for each address, in the order in which they are tried. */
async function tried(name: string, options: object): Promise<readonly string[]> {
  const { route } = await harness(mxRouting, { privateAddresses: 'allow', ...options }, { dns: zone() });
  const answer = await route(`ann@${name}`, { transport: 'internet' });
  const hosts = answer?.kind === 'route' ? (answer.hosts ?? []) : [];
  return hosts.flatMap(host => host.addresses.map(address => `${host.name} ${host.port} -> ${address} ${host.port}`));
}

describeWithCorpus("Postfix's look-ups", () => {
  test('are ours', async () => {
    const [asked = ''] = textOf('dns_rr_to_sa.in').split('\n');
    const [, name = ''] = asked.split(' ');
    const all = await tried(name, {});
    const wanted = textOf('dns_rr_to_sa.ref').trim().split('\n');
    // We have no filter of replies: a choice of address families is what it is used for.
    const kept = await tried(name, { addresses: 'ipv6' });
    const keptByPostfix = [...textOf('no-a.ref').matchAll(/^ad: .* (\S+)$/gm)].map(
      ([, address]) => `${name} 25 -> ${address} 25`,
    );
    tally('smtp/postfix-dns', [
      ...wanted.map((one, index) => compared(`dns_rr_to_sa ${index}`, all[index], one)),
      compared('no-a', kept, keptByPostfix),
    ]);
  });
});
