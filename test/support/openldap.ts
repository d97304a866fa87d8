/** An OpenLDAP server of its own for the tests of a file, in a folder that is removed after them. */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { TestCertificate } from './certificate.ts';
import { freePort, run, start, untilListening } from './program.ts';
import { folderForAll } from './temp-folder.ts';

export interface TestOpenldap {
  readonly folder: string;
  /** Of ldap:// and of ldaps://, both on 127.0.0.1. */
  readonly port: number;
  readonly securePort: number;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Who may do everything. */
export const ADMIN = { dn: 'cn=admin,dc=example,dc=test', password: 'correct horse' };

function configuration(folder: string): string {
  const schemas = ['core', 'cosine', 'inetorgperson', 'misc', 'dyngroup'];
  return `
${schemas.map(name => `include /etc/ldap/schema/${name}.schema`).join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/slapd.pid
TLSCertificateFile ${folder}/server.crt
TLSCertificateKeyFile ${folder}/server.key
database mdb
suffix dc=example,dc=test
directory ${folder}/db
rootdn ${ADMIN.dn}
rootpw "${ADMIN.password}"
# Whoever does not say who it is gets few entries, and may not see the hidden ones.
limits anonymous size=3
access to dn.subtree=ou=hidden,dc=example,dc=test by * none
access to * by * read
`;
}

/** Makes the server before the first test and ends it after the last one. `ldif`: what it holds. */
export function openldapForAll(certificate: TestCertificate, ldif: string): () => TestOpenldap {
  const folder = folderForAll();
  let server: TestOpenldap | null = null;
  beforeAll(async () => {
    server = await made(folder(), certificate, ldif);
    await server.start();
  }, 60_000);
  afterAll(() => server?.stop());
  return () => {
    if (server === null) throw new Error('there is no server before the first test');
    return server;
  };
}

async function made(folder: string, { cert, key }: TestCertificate, ldif: string): Promise<TestOpenldap> {
  await mkdir(join(folder, 'db'));
  const files = { 'server.crt': cert, 'server.key': key, 'slapd.conf': configuration(folder), 'all.ldif': ldif };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const conf = join(folder, 'slapd.conf');
  const added = await run('slapadd', ['-f', conf, '-l', join(folder, 'all.ldif')]);
  if (added.code !== 0) throw new Error(`slapadd: ${added.stderr}`);
  const [port, securePort] = [await freePort(), await freePort()];
  const addresses = `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${securePort}/`;
  let program: ReturnType<typeof start> | null = null;
  return {
    folder,
    port,
    securePort,
    async start() {
      // Told what to log, it stays in the foreground.
      program = start('slapd', ['-f', conf, '-h', addresses, '-d', '0'], { cwd: folder });
      await untilListening(port);
      await untilListening(securePort);
    },
    async stop() {
      if (program === null) return;
      const closed = once(program.child, 'close');
      program.end('SIGTERM');
      program = null;
      await closed;
    },
  };
}
