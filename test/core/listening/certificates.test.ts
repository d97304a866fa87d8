/** Certificates that are renewed while a gateway runs: found, checked, exchanged, and warned of in time. */
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TlsSettings } from '../../../core/config/configuration.ts';
import { createEngine } from '../../../core/engine.ts';
import { Certificates } from '../../../core/listening/certificates.ts';
import { ListenerCertificates } from '../../../core/listening/listener-certificates.ts';
import { CLOCK, type Files, LOG } from '../../../core/plugin/ports.ts';
import type { TlsOptions } from '../../../core/smtp/options.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { memoryFiles } from '../../../core/testing/memory-files.ts';
import { type RecordingLog, recordingLog } from '../../../core/testing/recording-log.ts';
import { authority, type CertificateWishes, selfSignedAs, type TestCertificate } from '../../support/certificate.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { RawClient } from '../smtp/raw-client.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;

/** What can be told of a listener's files: an own pair, one for another name, the authorities of clients. */
const SETTINGS: TlsSettings = {
  mode: 'starttls',
  minVersion: 'TLSv1.2',
  cert: '/tls/cert.pem',
  key: '/tls/key.pem',
  more: [{ cert: '/tls/other.pem', key: '/tls/other.key' }],
  clients: { authorities: '/tls/ca.pem', certificate: 'optional' },
};

function named(commonName: string, validity: Validity = {}): TestCertificate {
  return selfSignedAs({ commonName, ...validity });
}

type Validity = Pick<CertificateWishes, 'from' | 'until'>;

/** `through`: what the files are read through. */
async function watched(validity: Validity = {}, through: (files: Files) => Files = files => files) {
  const clock = new ManualClock(new Date());
  const log = recordingLog();
  const files = memoryFiles({}, { clock });
  const put = async (name: 'own' | 'other', { cert, key }: TestCertificate) => {
    // What is written later is modified later.
    await clock.advance(1);
    files.put(name === 'own' ? SETTINGS.cert : '/tls/other.pem', cert);
    files.put(name === 'own' ? SETTINGS.key : '/tls/other.key', key);
  };
  await put('own', named('old', validity));
  await put('other', named('other'));
  files.put('/tls/ca.pem', authority('Clients').cert);
  const used: TlsOptions[] = [];
  let refusal: Error | null = null;
  const listener = await ListenerCertificates.read({ id: 'in', tls: SETTINGS }, { files: through(files), clock });
  const use = (tls: TlsOptions) => {
    if (refusal !== null) throw refusal;
    used.push(tls);
  };
  const certificates = new Certificates([{ certificates: listener, use }], { clock, log });
  certificates.watch();
  onTestFinished(() => certificates.stop());
  return {
    clock,
    log,
    files,
    put,
    certificates,
    listener,
    /** What the listener was given, oldest first. */
    used,
    refuse: (error: Error | null) => void (refusal = error),
    /** The files have been looked at once more. */
    async minute(count = 1) {
      for (let passed = 0; passed < count; passed += 1) {
        await clock.advance(MINUTE);
        await clock.asleep();
      }
    },
  };
}

/** What is in the log of renewals that failed. */
function failures(log: RecordingLog): readonly string[] {
  return log
    .of('failed')
    .map(({ level, fields }) => [level, fields.listener, fields.file ?? 'no file', fields.renewing].join(' '));
}

describe('certificates on disk', () => {
  test('that nobody touches are not read again', async () => {
    const its = await watched();
    its.files.fail('/tls/cert.pem', 'EIO', 'read');
    await its.minute(3);
    expect(its.used).toEqual([]);
    expect(its.log.lines).toEqual([]);
  });

  test('that are renewed are in use within a minute, and the log says whose they are and how long they last', async () => {
    const its = await watched();
    const fresh = named('new', { until: 60 });
    await its.put('own', fresh);
    await its.minute();
    expect(its.used).toHaveLength(1);
    expect(its.used[0]).toMatchObject({ ...fresh, clients: { certificate: 'optional' } });
    const [renewed] = its.log.of('renewed');
    expect(renewed).toMatchObject({
      level: 'info',
      fields: { listener: 'in', certificates: ['O=Tests, CN=new', 'O=Tests, CN=other', 'O=Tests, CN=Clients'] },
    });
    // Of the first that expires, which is one of the others.
    const until = renewed?.fields.until as Date;
    expect(Math.round((until.getTime() - Date.now()) / DAY)).toBe(30);
    // What is in use now is not read again either.
    its.files.fail('/tls/cert.pem', 'EIO', 'read');
    await its.minute();
    expect(its.used).toHaveLength(1);
    expect(failures(its.log)).toEqual([]);
  });

  test.each(['/tls/other.pem', '/tls/ca.pem'])('are all looked at: %s', async path => {
    const its = await watched();
    await its.clock.advance(1);
    if (path === '/tls/ca.pem') its.files.put(path, authority('Others').cert);
    else await its.put('other', named('other'));
    await its.minute();
    expect(its.used).toHaveLength(1);
  });

  test('that are written anew with what they hold already are left alone', async () => {
    const its = await watched();
    its.files.put('/tls/cert.pem', its.files.text('/tls/cert.pem') ?? '');
    await its.minute();
    expect(its.used).toEqual([]);
    expect(its.log.lines).toEqual([]);
  });
});

describe('a half-written pair', () => {
  test('changes nothing, is said once, and is taken once it is whole', async () => {
    const its = await watched();
    const fresh = named('new');
    await its.clock.advance(1);
    its.files.put('/tls/cert.pem', fresh.cert);
    await its.minute(3);
    expect(its.used).toEqual([]);
    expect(failures(its.log)).toEqual([
      'error in /tls/key.pem this key does not belong to the certificate /tls/cert.pem',
    ]);
    its.files.put('/tls/key.pem', fresh.key);
    await its.minute();
    expect(its.used).toMatchObject([fresh]);
    expect(its.log.of('renewed')).toHaveLength(1);
    // Should it happen again, it is worth another line.
    its.files.put('/tls/cert.pem', named('newer').cert);
    await its.minute();
    expect(failures(its.log)).toHaveLength(2);
  });

  test.each([
    { what: 'a missing file', path: '/tls/cert.pem', content: null, cause: 'there is no file /tls/cert.pem' },
    {
      what: 'an empty file',
      path: '/tls/key.pem',
      content: '',
      cause: /^\/tls\/key\.pem holds no private key in PEM form/,
    },
    {
      what: 'a file that was cut off',
      path: '/tls/other.pem',
      content: named('other').cert.slice(0, 300),
      cause: /^\/tls\/other\.pem holds no certificate in PEM form/,
    },
    {
      what: 'authorities that are none',
      path: '/tls/ca.pem',
      content: 'to be done\n',
      cause: '/tls/ca.pem holds no certificates in PEM form (there is not one)',
    },
    { what: 'what is no text', path: '/tls/ca.pem', content: '\u0000\ud800', cause: /holds no certificates/ },
  ])('$what: none of the files is taken', async ({ path, content, cause }) => {
    const its = await watched();
    await its.put('own', named('new'));
    if (content === null) await its.files.remove(path);
    else its.files.put(path, content);
    await its.minute();
    expect(its.used).toEqual([]);
    const lines = its.log.of('failed').map(({ fields }) => fields);
    expect(lines).toEqual([
      {
        listener: 'in',
        file: path,
        renewing: typeof cause === 'string' ? cause : expect.stringMatching(cause),
        hint: 'the old certificates stay in use',
      },
    ]);
  });

  test('that the disk would not give is asked for again, though nothing about it has changed since', async () => {
    const its = await watched();
    const fresh = named('new');
    await its.put('own', fresh);
    its.files.fail('/tls/key.pem', 'EACCES', 'read');
    await its.minute(2);
    expect(failures(its.log)).toEqual(['error in /tls/key.pem /tls/key.pem may not be read by this user']);
    its.files.heal('/tls/key.pem');
    await its.minute();
    expect(its.used).toMatchObject([fresh]);
  });

  test('that the listener itself cannot use leaves the old one, and is tried again', async () => {
    const its = await watched();
    await its.put('own', named('new'));
    its.refuse(new Error('ee key too small'));
    await its.minute();
    expect(failures(its.log)).toEqual(['error in no file ee key too small']);
    its.refuse(null);
    await its.minute();
    expect(its.used).toHaveLength(1);
  });
});

describe('on demand', () => {
  test('all are read, and each listener says what came of it', async () => {
    const its = await watched();
    expect(await its.certificates.renew()).toEqual([{ kind: 'unchanged', listener: 'in' }]);
    expect(its.log.of('unchanged').map(({ fields }) => fields)).toEqual([{ listener: 'in', files: 'certificates' }]);
    await its.put('own', named('new'));
    expect(await its.certificates.renew()).toEqual([expect.objectContaining({ kind: 'renewed', listener: 'in' })]);
    its.files.put('/tls/key.pem', 'gone');
    const kept = { kind: 'kept', listener: 'in', faults: [{ file: '/tls/key.pem', cause: expect.any(String) }] };
    expect(await Promise.all([its.certificates.renew(), its.certificates.renew()])).toEqual([[kept], [kept]]);
    // Who asks hears it each time.
    expect(failures(its.log)).toHaveLength(2);
    expect(its.used).toHaveLength(1);
  });

  test('who asks while files are being read waits: what was read first is never used last', async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let slow = false;
    const its = await watched({}, files => ({
      ...files,
      async read(path) {
        const octets = await files.read(path);
        if (!slow) return octets;
        begun.resolve();
        await gate.promise;
        return octets;
      },
    }));
    await its.put('own', named('new'));
    slow = true;
    const first = its.certificates.renew();
    await begun.promise;
    slow = false;
    const newest = named('newest');
    await its.put('own', newest);
    const second = its.certificates.renew();
    // Time enough to be done with it, for one that does not wait.
    for (let turn = 0; turn < 10; turn += 1) await its.clock.advance(1);
    gate.resolve();
    await Promise.all([first, second]);
    expect(its.used.at(-1)).toMatchObject(newest);
  });

  test('what can be used but should be looked at is in use and said', async () => {
    const its = await watched();
    await its.put('own', named('new', { from: 1 }));
    expect(await its.certificates.renew()).toMatchObject([
      { kind: 'renewed', warnings: [expect.stringMatching(/^this certificate is not valid before /)] },
    ]);
    expect(its.log.of('warned')).toMatchObject([
      { level: 'warn', fields: { listener: 'in', message: expect.stringContaining('not valid before') } },
    ]);
  });

  test('nothing is exchanged in a gateway that has ended', async () => {
    const its = await watched();
    await its.put('own', named('new'));
    const asked = its.certificates.renew();
    its.certificates.stop();
    expect(await asked).toEqual([]);
    expect(await its.certificates.renew()).toEqual([]);
    expect(its.clock.sleepers).toBe(0);
    expect(its.used).toEqual([]);
    expect(its.log.lines).toEqual([]);
  });
});

describe('a certificate that expires within two weeks', () => {
  const warnings = (log: RecordingLog) =>
    log.of('warned').map(({ level, fields }) => `${level} ${String(fields.message)}`);
  const said = (when: string) => `warn the certificate of O=Tests, CN=old in /tls/cert.pem ${when}: renew it`;

  test('is warned of at the start and once a day, until it is renewed', async () => {
    const its = await watched({ until: 10.5 });
    expect(warnings(its.log)).toEqual([said('expires in 10 days')]);
    await its.minute(24 * 60 - 1);
    expect(warnings(its.log)).toHaveLength(1);
    await its.minute();
    expect(warnings(its.log)).toEqual([said('expires in 10 days'), said('expires in 9 days')]);
    await its.put('own', named('old', { until: 90 }));
    await its.put('other', named('other', { until: 90 }));
    await its.minute(24 * 60);
    expect(warnings(its.log)).toHaveLength(2);
  });

  test.each([
    { until: 14.5, want: [] },
    { until: 13.5, want: [said('expires in 13 days')] },
    { until: 0.5, want: [said('expires within a day')] },
    { until: -0.5, want: [said('expired')] },
  ])('in $until days: $want', async ({ until, want }) => {
    const its = await watched({ from: -20, until });
    expect(warnings(its.log)).toEqual(want);
  });
});

/** A gateway with STARTTLS and implicit TLS, whose clock the test holds. */
async function gatewayIn(folder: string, files: Readonly<Record<string, string>>) {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const tls = { cert: './tls/cert.pem', key: './tls/key.pem' };
  const configuration = {
    hostname: 'mx.example.test',
    listeners: [
      { id: 'plain', port: 0 },
      { id: 'starttls', port: 0, tls },
      { id: 'implicit', port: 0, tls: { ...tls, mode: 'implicit' } },
    ],
    queue: { directory: './queue' },
    plugins: [
      { use: 'relay-policy', options: { localDomains: ['example.test'] } },
      { use: 'mbox-delivery', as: 'mailboxes', options: { directory: './mail' } },
    ],
    routes: [{ deliver: 'mailboxes' }],
  };
  const file = join(folder, 'mailframe.config.yaml');
  await writeFile(file, JSON.stringify(configuration));
  const clock = new ManualClock(new Date());
  const log = recordingLog();
  const engine = await createEngine({ file, provide: scope => scope.value(LOG, log).value(CLOCK, clock) });
  onTestFinished(() => engine.close());
  await engine.start();
  const portOf = (id: string) => engine.listeners.find(one => one.id === id)?.port ?? 0;
  return {
    engine,
    log,
    portOf,
    /** A minute passes in which the certificates of both listeners with TLS are renewed. */
    async renewed() {
      await clock.advance(MINUTE);
      await until(() => expect(log.of('renewed')).toHaveLength(2));
    },
    /** The common name that a new client is shown on each listener with TLS. */
    async shown() {
      const implicit = await RawClient.connect(portOf('implicit'), { rejectUnauthorized: false });
      const starttls = await RawClient.connect(portOf('starttls'));
      await starttls.reply();
      await starttls.command('STARTTLS');
      await starttls.startTls();
      await implicit.reply();
      const names = [starttls.shown, implicit.shown];
      for (const client of [implicit, starttls]) await client.command('QUIT');
      return names;
    },
  };
}

const inFiles = ({ cert, key }: TestCertificate) => ({ 'tls/cert.pem': cert, 'tls/key.pem': key });

describe('a gateway', () => {
  test('shows renewed certificates on every listener, and whoever is in a transaction ends it', async () => {
    const folder = await tempFolder();
    const its = await gatewayIn(folder, inFiles(named('old')));
    expect(await its.shown()).toEqual(['old', 'old']);
    const client = await RawClient.connect(its.portOf('implicit'), { rejectUnauthorized: false });
    onTestFinished(() => client.destroy());
    await client.reply();
    await client.command('EHLO client.test');
    await client.command('MAIL FROM:<ann@client.test>');
    for (const [name, content] of Object.entries(inFiles(named('new')))) await writeFile(join(folder, name), content);
    await its.renewed();
    expect(await its.shown()).toEqual(['new', 'new']);
    expect(its.log.of('renewed').map(({ fields }) => fields.listener)).toEqual(['starttls', 'implicit']);
    await client.command('RCPT TO:<bob@example.test>');
    await client.command('DATA');
    expect(await client.command('Subject: hello\r\n\r\nbody\r\n.')).toMatch(/^250 2\.0\.0 Ok: queued as /);
    expect(await client.command('QUIT')).toBe('221 2.0.0 Bye');
  });

  test('follows links: the folder of the day is exchanged in one step', async () => {
    const folder = await tempFolder();
    const old = Object.fromEntries(
      Object.entries(inFiles(named('old'))).map(([name, text]) => [name.replace('tls', 'monday'), text]),
    );
    for (const [name, content] of Object.entries(old)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    await symlink('monday', join(folder, 'tls'));
    const its = await gatewayIn(folder, {});
    expect(await its.shown()).toEqual(['old', 'old']);
    const fresh = named('new');
    await mkdir(join(folder, 'tuesday'));
    await writeFile(join(folder, 'tuesday/cert.pem'), fresh.cert);
    await writeFile(join(folder, 'tuesday/key.pem'), fresh.key);
    await symlink('tuesday', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'tls'));
    await its.renewed();
    expect(await its.shown()).toEqual(['new', 'new']);
  });

  test('keeps what it has where the new files are broken, and says which listener, file and why', async () => {
    const folder = await tempFolder();
    const its = await gatewayIn(folder, inFiles(named('old')));
    await writeFile(join(folder, 'tls/cert.pem'), named('new').cert);
    expect(await its.engine.reloadCertificates()).toMatchObject([
      { kind: 'kept', listener: 'starttls', faults: [{ file: join(folder, 'tls/key.pem') }] },
      { kind: 'kept', listener: 'implicit', faults: [{ file: join(folder, 'tls/key.pem') }] },
    ]);
    expect(failures(its.log)).toEqual(
      ['starttls', 'implicit'].map(
        id =>
          `error ${id} ${join(folder, 'tls/key.pem')} this key does not belong to the certificate ${join(folder, 'tls/cert.pem')}`,
      ),
    );
    expect(await its.shown()).toEqual(['old', 'old']);
  });

  test('without certificates offers nothing, and has nothing to renew', async () => {
    const its = await gatewayIn(await tempFolder(), inFiles(named('old')));
    const client = await RawClient.connect(its.portOf('plain'));
    onTestFinished(() => client.destroy());
    await client.reply();
    expect(await client.command('EHLO client.test')).not.toContain('STARTTLS');
    expect(await client.command('STARTTLS')).toBe('502 5.5.1 Command not implemented');
    await its.engine.close();
    expect(await its.engine.reloadCertificates()).toEqual([]);
  });

  test('that has not started has nothing to renew', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'c.yaml');
    const plugin = '{ use: mbox-delivery, as: m, options: { directory: ./m } }';
    await writeFile(
      file,
      `hostname: mx.example.test\nlisteners: [{ id: in, port: 0 }]\nplugins: [{ use: relay-policy, options: { localDomains: [example.test] } }, ${plugin}]\nroutes: [{ deliver: m }]\n`,
    );
    const engine = await createEngine({ file });
    expect(await engine.reloadCertificates()).toEqual([]);
  });
});

test('a pair that is exchanged for a broken one between check and start keeps the gateway from starting', async () => {
  const files = memoryFiles({ '/tls/cert.pem': named('a').cert, '/tls/key.pem': named('b').key });
  const tls = { ...SETTINGS, more: [], clients: null };
  const read = ListenerCertificates.read({ id: 'in', tls }, { files, clock: new ManualClock(new Date()) });
  await expect(read).rejects.toMatchObject({
    code: 'MF_LISTENER_CERTIFICATE',
    message: 'the listener in has no certificates: this key does not belong to the certificate /tls/cert.pem',
  });
});
