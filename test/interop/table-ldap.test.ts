/** Tables in a directory, asked of OpenLDAP. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../core/plugin/secret.ts';
import { systemClock } from '../../core/system/clock.ts';
import { systemFiles } from '../../core/system/files.ts';
import { ManualClock } from '../../core/testing/manual-clock.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { aTable, complaintsAbout, lookup, valuesOf } from '../core/table/tables.ts';
import { selfSigned } from '../support/certificate.ts';
import { droppingProxy } from '../support/dropping-proxy.ts';
import { describeWithProgram } from '../support/external.ts';
import { ADMIN, openldapForAll } from '../support/openldap.ts';
import { freePort } from '../support/program.ts';

const BASE = 'dc=example,dc=test';

/** An entry in LDIF; what is not plain ASCII in base64. */
function entry(dn: string, attributes: Readonly<Record<string, string | readonly string[]>>): string {
  const line = (name: string, value: string) =>
    /^[!-~][ -~]*$/.test(value) && !/^[:<]/.test(value)
      ? `${name}: ${value}`
      : `${name}:: ${Buffer.from(value).toString('base64')}`;
  const lines = Object.entries(attributes).flatMap(([name, values]) => [values].flat().map(one => line(name, one)));
  return `${[line('dn', dn), ...lines].join('\n')}\n\n`;
}

const person = (uid: string, mail: string, to: string | readonly string[], dn = `uid=${uid},ou=people,${BASE}`) =>
  entry(dn, {
    objectClass: ['inetOrgPerson', 'inetLocalMailRecipient'],
    uid,
    cn: uid,
    sn: uid,
    mail,
    mailLocalAddress: to,
  });
const group = (cn: string, member: readonly string[]) =>
  entry(`cn=${cn},ou=groups,${BASE}`, { objectClass: 'groupOfNames', cn, member });
const unit = (ou: string) => entry(`ou=${ou},${BASE}`, { objectClass: 'organizationalUnit', ou });
const people = (...uids: readonly string[]) => uids.map(uid => `uid=${uid},ou=people,${BASE}`);

const LDIF = [
  entry(BASE, { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'Example' }),
  ...['people', 'groups', 'hidden', 'example.test'].map(unit),
  person('ann', 'ann@example.test', ['ann@one.test', 'ann@two.test']),
  person('bob', 'bob@example.test', 'bob@one.test'),
  person('carl', 'carl@example.test', 'carl@one.test'),
  person('jörg', 'joerg@example.test', 'joerg@one.test'),
  person('odd', 'a*(b)\\c@example.test', 'odd@one.test'),
  person('a,b+c', 'comma@example.test', 'comma@one.test', `uid=a\\2cb\\2bc,ou=people,${BASE}`),
  person('hid', 'hid@example.test', 'hid@one.test', `uid=hid,ou=hidden,${BASE}`),
  person('local', 'x@y.test', 'local@one.test', `uid=local,ou=example.test,${BASE}`),
  group('staff', [...people('ann', 'BOB'), `cn=more , ou=groups,${BASE}`]),
  group('more', [...people('carl', 'gone'), `cn=staff,ou=groups,${BASE}`]),
  ...Array.from({ length: 8 }, (_, step) => group(`deep${step}`, [`cn=deep${step + 1},ou=groups,${BASE}`])),
  group('deep8', people('ann')),
  entry(`cn=byurl,ou=groups,${BASE}`, {
    objectClass: 'groupOfURLs',
    cn: 'byurl',
    memberURL: `ldap:///ou=people,${BASE}??one?(|(uid=ann)(uid=bob))`,
  }),
].join('');

describeWithProgram('slapd', 'tables in a directory', () => {
  const certificate = selfSigned('localhost');
  const server = openldapForAll(certificate, LDIF);

  const settings = (changes: object = {}) => ({
    ldap: {
      url: `ldap://127.0.0.1:${server().port}`,
      base: BASE,
      filter: '(mail=:key)',
      attributes: ['mailLocalAddress'],
      ...changes,
    },
    cache: 'off',
  });
  const world = () => ({ clock: systemClock, files: systemFiles(server().folder), log: recordingLog() });
  const ldap = (changes: object = {}, more: object = {}) => aTable({ ...settings(changes), ...more }, world());
  const admin = { bind: { dn: ADMIN.dn, password: new Secret(ADMIN.password) } };

  test('every value of the attributes is a value', async () => {
    const table = await ldap();
    expect(await lookup(table, 'ANN@example.test')).toEqual({
      values: ['ann@one.test', 'ann@two.test'],
      source: `ldap:uid=ann,ou=people,${BASE}`,
    });
    expect(await valuesOf(await ldap({ filter: '(cn=:key)', attributes: ['sn'] }), 'JÖRG')).toEqual(['jörg']);
    expect(await lookup(table, 'nobody@example.test')).toBeNull();
    const two = await ldap({ attributes: ['SN', 'maillocaladdress', 'description'] });
    expect(await valuesOf(two, 'bob@example.test')).toEqual(['bob', 'bob@one.test']);
    expect(await lookup(await ldap({ attributes: ['description'] }), 'bob@example.test')).toBeNull();
  });

  test('LDAP injection: a key is one value of the filter, whatever is in it', async () => {
    const table = await ldap();
    expect(await valuesOf(table, 'a*(b)\\c@example.test')).toEqual(['odd@one.test']);
    for (const key of ['*', 'ann*', 'x)(uid=*', '*)(|(uid=*', '\\2a', '\u0000', 'ann@example.test)(objectClass=*']) {
      expect(await lookup(table, key)).toBeNull();
    }
  });

  test('LDAP injection: a key is one value of the base, whatever is in it', async () => {
    const table = await ldap({ base: `uid=:local,ou=people,${BASE}`, scope: 'base', filter: '(objectClass=*)' });
    expect(await valuesOf(table, 'a,b+c@example.test')).toEqual(['comma@one.test']);
    for (const key of ['ann,ou=people', 'ann+cn=ann', '', ' ', '#', 'ann\u0000']) {
      expect(await lookup(table, `${key}@example.test`)).toBeNull();
    }
  });

  test('a base that depends on the key may not be there; a fixed one must', async () => {
    const table = await ldap({ base: `ou=:domain,${BASE}`, filter: '(uid=:local)' });
    expect(await valuesOf(table, 'local@example.test')).toEqual(['local@one.test']);
    expect(await lookup(table, 'local@elsewhere.test')).toBeNull();
    expect(await lookup(table, 'local')).toBeNull();
    const wrong = await ldap({ base: `ou=poeple,${BASE}` });
    await expect(lookup(wrong, 'ann@example.test')).rejects.toThrow(
      `the directory has no ou=poeple,${BASE}, where the search begins`,
    );
  });

  test('who asks decides what is found', async () => {
    expect(await lookup(await ldap(), 'hid@example.test')).toBeNull();
    expect(await valuesOf(await ldap(admin), 'hid@example.test')).toEqual(['hid@one.test']);
    const wrong = await ldap({ bind: { dn: ADMIN.dn, password: new Secret('wrong-horse') } });
    const said = await lookup(wrong, 'hid@example.test').then(String, String);
    expect(said).toContain('the server says invalid credentials (49)');
    expect(said).not.toContain('wrong-horse');
  });

  test('what the server cuts off is no answer', async () => {
    const all = '(|(uid=*)(mail=:key))';
    await expect(lookup(await ldap({ filter: all }), 'x')).rejects.toThrow('the server says size limit exceeded (4)');
    expect(await valuesOf(await ldap({ filter: all, ...admin }), 'x')).toHaveLength(9);
  });

  describe('members', () => {
    const groups = (changes: object = {}) =>
      ldap({
        ...admin,
        filter: '(cn=:key)',
        members: { names: ['member'], urls: ['memberURL'], ...changes },
      });

    test('are followed, each once, whatever holds whatever; those that are gone are left out', async () => {
      expect(await valuesOf(await groups(), 'staff')).toEqual([
        'ann@one.test',
        'ann@two.test',
        'bob@one.test',
        'carl@one.test',
      ]);
    });

    test('by an LDAP URL are searched', async () => {
      expect(await valuesOf(await groups(), 'byurl')).toEqual(['ann@one.test', 'ann@two.test', 'bob@one.test']);
    });

    test('beyond a limit are no answer, never a part of the group', async () => {
      await expect(lookup(await groups(), 'deep0')).rejects.toThrow('members are nested deeper than 5 steps');
      expect(await valuesOf(await groups({ depth: 9 }), 'deep0')).toEqual(['ann@one.test', 'ann@two.test']);
      await expect(lookup(await groups({ limit: 3 }), 'staff')).rejects.toThrow('more than 3 entries are members');
      expect(await valuesOf(await groups({ limit: 5 }), 'staff')).toHaveLength(4);
    });
  });

  test('a server that was started again is asked again, and one that is away is no answer', async () => {
    const clock = new ManualClock();
    const at = { ...world(), clock };
    const table = await aTable(settings(admin), at);
    expect(await valuesOf(table, 'hid@example.test')).toEqual(['hid@one.test']);
    await server().stop();
    await server().start();
    expect(await valuesOf(table, 'hid@example.test')).toEqual(['hid@one.test']);
    await server().stop();
    await expect(lookup(table, 'hid@example.test')).rejects.toThrow(/cannot be asked: .*ECONNREFUSED/);
    await server().start();
    await clock.advance(60_000);
    expect(await valuesOf(table, 'hid@example.test')).toEqual(['hid@one.test']);
    expect(at.log.lines.map(({ event }) => event)).toEqual(['troubled', 'recovered']);
  });

  test('a connection that is lost on the way is replaced, and the question asked again', async () => {
    const proxy = await droppingProxy(server().port);
    const table = await ldap({ ...admin, url: `ldap://127.0.0.1:${proxy.port}` });
    expect(await valuesOf(table, 'hid@example.test')).toEqual(['hid@one.test']);
    proxy.dropAt(1);
    expect(await valuesOf(table, 'hid@example.test')).toEqual(['hid@one.test']);
    expect(proxy.connections).toBe(2);
  });

  test('the next server is asked where one does not answer', async () => {
    const url = [`ldap://127.0.0.1:${await freePort()}`, `ldap://127.0.0.1:${server().port}`];
    const table = await ldap({ url });
    expect(await valuesOf(table, 'bob@example.test')).toEqual(['bob@one.test']);
  });

  test('a server that stops in the middle of STARTTLS is one that does not answer', async () => {
    // An ExtendedResponse to the first message: success. TLS never begins.
    const success = Buffer.from('300c02010178070a010004000400', 'hex');
    const stalling = createServer(socket => socket.once('data', () => socket.write(success)));
    stalling.listen(0, '127.0.0.1');
    await once(stalling, 'listening');
    onTestFinished(() => void stalling.close());
    await writeFile(join(server().folder, 'ca.pem'), certificate.cert);
    const url = [(stalling.address() as AddressInfo).port, server().port].map(port => `ldap://localhost:${port}`);
    const table = await ldap({ url, tls: { start: 'required', ca: './ca.pem' } }, { timeout: '1500 ms' });
    expect(await valuesOf(table, 'bob@example.test')).toEqual(['bob@one.test']);
  });

  test('many look-ups go over one connection', async () => {
    const table = await ldap();
    const keys = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 'bob@example.test' : `${index}@x.test`));
    const found = await Promise.all(keys.map(key => valuesOf(table, key)));
    expect(found.filter(values => values !== null)).toHaveLength(25);
  });

  describe('TLS', () => {
    const secure = async (scheme: 'ldap' | 'ldaps', host: string, tls: object) => {
      await writeFile(join(server().folder, 'ca.pem'), certificate.cert);
      const port = scheme === 'ldap' ? server().port : server().securePort;
      return ldap({ ...admin, url: `${scheme}://${host}:${port}`, tls });
    };

    test.each([
      ['ldap', { start: 'required' }],
      ['ldaps', {}],
    ] as const)('%s %o: the server must be who it says it is', async (scheme, how) => {
      const ca = { ca: './ca.pem', ...how };
      expect(await valuesOf(await secure(scheme, 'localhost', ca), 'bob@example.test')).toEqual(['bob@one.test']);
      const named = await secure(scheme, '127.0.0.1', { ...ca, serverName: 'localhost' });
      expect(await valuesOf(named, 'bob@example.test')).toEqual(['bob@one.test']);
      await expect(lookup(await secure(scheme, 'localhost', how), 'x')).rejects.toThrow(/self-signed certificate/);
      await expect(lookup(await secure(scheme, '127.0.0.1', ca), 'x')).rejects.toThrow(/127\.0\.0\.1/);
    });

    test.each([1, 2, 3, 4, 5])('STARTTLS stripping: no password in the clear, though piece %i be lost', async piece => {
      const proxy = await droppingProxy(server().port);
      await writeFile(join(server().folder, 'ca.pem'), certificate.cert);
      const tls = { start: 'required', ca: './ca.pem' };
      const table = await ldap({ ...admin, url: `ldap://localhost:${proxy.port}`, tls }, { timeout: '1 s' });
      proxy.dropAt(piece);
      await lookup(table, 'hid@example.test').catch(() => null);
      expect(proxy.heard().length).toBeGreaterThan(0);
      expect(proxy.heard().includes(ADMIN.password)).toBe(false);
    });

    test('a lost connection with STARTTLS is replaced by one with STARTTLS', async () => {
      const table = await secure('ldap', 'localhost', { start: 'required', ca: './ca.pem' });
      expect(await valuesOf(table, 'hid@example.test')).toEqual(['hid@one.test']);
      await server().stop();
      await server().start();
      // Whoever is not bound, as the package would leave it, does not see this one.
      expect(await valuesOf(table, 'hid@example.test')).toEqual(['hid@one.test']);
    });
  });

  test('a filter that is none is refused', async () => {
    expect(await complaintsAbout(settings({ filter: '(mail=:key' }))).toEqual([
      expect.stringContaining('table.ldap.filter: is no filter (RFC 4515)'),
    ]);
  });
});
