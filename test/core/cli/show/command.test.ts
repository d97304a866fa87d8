/** `mailframe show` as a process: out of files, the queue and standard input. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { checkedFacts } from '../../../../core/cli/show/checked.ts';
import { contentOf } from '../../../../core/mail/content.ts';
import { openSqliteStore } from '../../../../core/queue/sqlite-store.ts';
import { readMessage } from '../../../../core/reading/read-message.ts';
import { verdictsOf } from '../../../../core/reading/verdicts.ts';
import { fileContent } from '../../../../core/system/file-content.ts';
import { recordingLog } from '../../../../core/testing/recording-log.ts';
import { detached, FROM_ANN, makeKey, multipartSigned, PART } from '../../../support/openpgp-signing.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { newMail, STEP } from '../../queue/queued-mail.ts';

const COMMAND = fileURLToPath(new URL('../../../../core/cli/mailframe.js', import.meta.url));

async function show(folder: string, args: readonly string[], input = '') {
  const child = spawn(process.execPath, [COMMAND, 'show', ...args], {
    cwd: folder,
    env: { ...process.env, MAILCAPS: join(folder, 'mailcap'), COLUMNS: '80' },
  });
  const ended = new Promise<number | null>(resolve => void child.on('close', resolve));
  child.stdin.end(input);
  const [octets, stderr, status] = await Promise.all([buffer(child.stdout), text(child.stderr), ended]);
  return { status, stdout: octets.toString(), octets, stderr };
}

const PICTURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3]);
const MAIL = [
  'From: Ann <ann@example.test>',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  '',
  'Hello',
  '--m',
  'Content-Type: image/png',
  'Content-Transfer-Encoding: base64',
  '',
  PICTURE.toString('base64'),
  '--m--',
  '',
].join('\r\n');

test('a message of standard input is shown, and its parts come out to the octet', async () => {
  const folder = await tempFolder();
  await writeFile(join(folder, 'mailcap'), 'image/png; wc -c; copiousoutput\n');
  await writeFile(join(folder, 'one.eml'), MAIL);
  const [page, part] = await Promise.all([show(folder, ['-'], MAIL), show(folder, ['one.eml', '--part', '2'])]);
  expect(page.stdout).toContain('── 2  image/png, 8 B ──\nNot run: wc -c  (--run image/png runs it)\n');
  expect(page.stdout).toContain('│ Hello\n');
  expect(part.octets).toEqual(PICTURE);
});

test('a queued mail is shown with what plugins found out, and what changed it since', async () => {
  const folder = await tempFolder();
  const store = await openSqliteStore({ directory: join(folder, 'q'), role: 'owner', log: recordingLog() });
  const facts = { pgp: 'good', 'pgp.aligned': true, 'pgp.signer': 'ann@example.test' };
  const changes = [{ what: 'added header field X-Scanned', breaks: [] }];
  await store.commit([
    {
      ...newMail('A', { content: contentOf(MAIL), facts }),
      trace: [
        { ...STEP, hook: 'data', plugin: 'pgp-verify', facts },
        { ...STEP, hook: 'data', plugin: 'mime-rewrite', changes },
      ],
    },
  ]);
  const page = await show(folder, ['A', '-d', 'q']);
  await store.close();
  expect(page.stdout).toContain('pgp       a good signature, by ann@example.test (pgp-verify)\n');
  expect(page.stdout).toContain('          changed since: mime-rewrite added header field X-Scanned\n');
});

test('a message in a file is checked by the plugins of a configuration that is named', async () => {
  const folder = await tempFolder();
  const now = Date.now();
  const ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }], { made: new Date(now - 86_400_000) });
  await mkdir(join(folder, 'keys'));
  await writeFile(join(folder, 'keys', 'ann.asc'), ann.publicKey.armor());
  await writeFile(
    join(folder, 'c.yaml'),
    `hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
plugins:
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: pgp-verify, when: { listener: inbound }, options: { keyring: ./keys } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./var/mail } }
routes: [{ deliver: mailboxes }]
`,
  );
  const signature = await detached(PART, [ann], new Date(now - 3_600_000));
  const mail = FROM_ANN + multipartSigned(PART, signature);
  // As people keep mail: with the line ends of this machine.
  await writeFile(join(folder, 'good.eml'), mail.replaceAll('\r\n', '\n'));
  await writeFile(join(folder, 'bad.eml'), mail.replace('Pay Bob', 'Pay Eve'));
  const verdictOf = async (file: string) => {
    const content = await fileContent(join(folder, file));
    const { facts, trace } = await checkedFacts(content, join(folder, 'c.yaml'));
    return verdictsOf(facts, trace, await readMessage(content))[0];
  };
  expect(await verdictOf('good.eml')).toMatchObject({ value: 'good', tone: 'good', path: '', by: 'pgp-verify' });
  expect(await verdictOf('bad.eml')).toMatchObject({ value: 'bad', tone: 'bad' });
});
