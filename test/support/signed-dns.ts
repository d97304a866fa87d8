/**
 * Real DNS with real signatures: NSD has the zones, with a signed root above them, and Unbound validates, as itself in a
 * temporary folder. ldnsutils makes the keys anew each time.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Peer } from './peers.ts';
import { freePort, run, start, untilListening } from './program.ts';

export const SIGNED_DNS: Peer = {
  name: 'nsd, unbound or ldnsutils',
  probe: ['sh', '-c', 'PATH=$PATH:/usr/sbin; command -v nsd && command -v unbound && command -v ldns-signzone'],
};

/** A zone. `forged`: signed, and then changed on its way. */
export interface SignedZone {
  readonly name: string;
  /** Lines of a zone file, below the SOA and NS records. */
  readonly records: string;
  readonly trust: 'signed' | 'unsigned' | 'forged';
}

/** Running servers. */
export interface SignedDns {
  /** The validating resolver, as the configuration wants it. */
  readonly address: string;
  readonly stop: () => Promise<void>;
}

/** Starts both. Whoever calls this stops them. */
export async function startSignedDns(zones: readonly SignedZone[]): Promise<SignedDns> {
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-dns-'));
  const delegations: string[] = [];
  for (const zone of zones) delegations.push(await written(zone, folder));
  const root: SignedZone = { name: '.', trust: 'signed', records: delegations.join('\n') };
  await written(root, folder);
  const [authority, resolver] = [await freePort(), await freePort()];
  await writeFile(join(folder, 'nsd.conf'), nsdConf([root, ...zones], folder, authority));
  await writeFile(join(folder, 'unbound.conf'), unboundConf(zones, folder, { authority, resolver }));
  const programs = [
    start('nsd', ['-d', '-c', join(folder, 'nsd.conf')], {}),
    start('unbound', ['-d', '-c', join(folder, 'unbound.conf')], {}),
  ];
  const stop = async () => {
    for (const program of programs) program.end('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([untilListening(authority), untilListening(resolver)]);
  } catch (error) {
    const said = programs.map(({ output }) => output('stdout') + output('stderr')).join('\n');
    await stop();
    throw new Error(`DNS has not begun: ${said}`, { cause: error });
  }
  return { address: `127.0.0.1:${resolver}`, stop };
}

const fileOf = (name: string) => `zone-${name === '.' ? 'root' : name}`;

/** Writes the file of a zone, and gives what the root says of it. */
async function written({ name, records, trust }: SignedZone, folder: string): Promise<string> {
  const dotted = name === '.' ? '.' : `${name}.`;
  const server = name === '.' ? 'ns.' : `ns.${dotted}`;
  const file = fileOf(name);
  const head = [
    `$ORIGIN ${dotted}`,
    '$TTL 300',
    `@ IN SOA ${server} ${server} 1 1000 1000 100000 60`,
    `@ IN NS ${server}`,
  ];
  await writeFile(join(folder, file), `${[...head, `${server} IN A 127.0.0.1`, records].join('\n')}\n`);
  const delegation = `${dotted} IN NS ${server}\n${server} IN A 127.0.0.1`;
  if (trust === 'unsigned') return delegation;
  const made = await run('ldns-keygen', ['-a', 'ECDSAP256SHA256', '-k', dotted], { cwd: folder });
  const key = made.stdout.trim();
  const signed = await run('ldns-signzone', ['-o', dotted, '-f', file, file, key], { cwd: folder });
  if (signed.code !== 0) throw new Error(`ldns-signzone: ${signed.stderr}`);
  if (trust === 'forged') {
    const text = await readFile(join(folder, file), 'utf8');
    await writeFile(join(folder, file), text.replace(/^(mail\.\S+\s+300\s+IN\s+A\s+)127\.0\.0\.1$/m, '$1127.0.0.2'));
  }
  if (name === '.') await writeFile(join(folder, 'root.key'), await readFile(join(folder, `${key}.key`)));
  const [ds] = (await readdir(folder)).filter(one => one === `${key}.ds`);
  return ds === undefined ? delegation : `${delegation}\n${await readFile(join(folder, ds), 'utf8')}`;
}

function nsdConf(zones: readonly SignedZone[], folder: string, port: number): string {
  const own = zones.map(({ name }) => `zone:\n  name: "${name}"\n  zonefile: "${fileOf(name)}"\n`);
  return `\
server:
  ip-address: 127.0.0.1@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  pidfile: "${folder}/nsd.pid"
  zonelistfile: "${folder}/zone.list"
  xfrdfile: "${folder}/xfrd.state"
  database: ""
  xfrdir: "${folder}"
remote-control:
  control-enable: no
${own.join('')}`;
}

function unboundConf(
  zones: readonly SignedZone[],
  folder: string,
  ports: { readonly authority: number; readonly resolver: number },
): string {
  const stubs = ['.', ...zones.map(({ name }) => `${name}.`)].map(
    name => `stub-zone:\n  name: "${name}"\n  stub-addr: 127.0.0.1@${ports.authority}\n  stub-prime: no\n`,
  );
  return `\
server:
  interface: 127.0.0.1@${ports.resolver}
  do-ip6: no
  do-daemonize: no
  use-syslog: no
  logfile: ""
  chroot: ""
  username: ""
  directory: "${folder}"
  pidfile: ""
  num-threads: 1
  do-not-query-localhost: no
  local-zone: "test." nodefault
  trust-anchor-file: "${folder}/root.key"
  module-config: "validator iterator"
  qname-minimisation: no
  val-log-level: 2
remote-control:
  control-enable: no
${stubs.join('')}`;
}
