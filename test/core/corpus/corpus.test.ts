import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { arrivals, listed } from './listed.ts';

const MAIL = 'From: Ann <ann@client.test>\nTo: bob@example.test, Lee <lee@example.test>\n\nHello.\n';

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, 'latin1');
  }
  return folder;
}

/** In a few words, without the folder. */
async function shown(folder: string): Promise<readonly string[]> {
  return (await listed(folder)).map(found => {
    const name = (found.kind === 'sample' ? found.sample.name : found.name).slice(folder.length + 1);
    return `${found.kind} ${name}`;
  });
}

test('a folder is read with all its folders, in the order of names; what is no mail is left out and told', async () => {
  const folder = await folderWith({
    'b/two.eml': MAIL,
    'a.eml': 'no header at all',
    'c.txt': MAIL,
    box: `From x Thu Nov 26 03:00:00 2026\n${MAIL}\nFrom x Thu Nov 26 03:00:00 2026\n${MAIL}`,
    'SOURCE.txt': 'Source: https://example.test/\nLicence: MIT\n',
    'photo.jpg': '\xff\xd8\xff\xe0',
    '.hidden/one.eml': MAIL,
  });
  await symlink(folder, join(folder, 'round'));
  expect(await shown(folder)).toEqual([
    'other SOURCE.txt',
    'sample a.eml',
    'sample b/two.eml',
    'sample box:1',
    'sample box:2',
    'sample c.txt',
    'other photo.jpg',
    'other round',
  ]);
});

test('a Maildir is read with its folders: cur, then new; neither tmp nor the files of its server', async () => {
  const folder = await folderWith({
    'cur/1.a.host:2,S': MAIL,
    'new/2.b.host': MAIL,
    'new/.nfs': MAIL,
    'tmp/3.c.host': MAIL,
    'dovecot-uidlist': 'x',
    '.lists/cur/4.d.host:2,': MAIL,
    '.lists/new/5.e.host': MAIL,
    'sub/one.eml': MAIL,
  });
  expect(await shown(folder)).toEqual([
    'sample cur/1.a.host:2,S',
    'sample new/2.b.host',
    'sample .lists/cur/4.d.host:2,',
    'sample .lists/new/5.e.host',
  ]);
});

test('what cannot be read is told and hides nothing else', async () => {
  const folder = await folderWith({ 'z.eml': MAIL });
  const found = await listed(join(folder, 'nowhere'), folder);
  expect(found.map(({ kind }) => kind)).toEqual(['fault', 'sample']);
  expect(found[0]).toMatchObject({ cause: expect.stringContaining('ENOENT') });
});

test('a sidecar says how its message comes, and goes before everything else', async () => {
  const folder = await folderWith({
    'one.eml': `Return-Path: <other@client.test>\nDelivered-To: other@example.test\n${MAIL}`,
    'one.envelope.yaml':
      'from: <>\nto: [bob@example.test]\nip: 2001:DB8::1\nhelo: "[192.0.2.1]"\nauth: ann\nlistener: in\ntls: true\n',
    'two.eml': MAIL,
    'two.eml.envelope.json': '{"to": "lee@example.test"}',
  });
  const [one, two] = await arrivals([folder], {
    from: 'given@client.test',
    to: ['given@example.test'],
    ip: '192.0.2.9',
  });
  expect(one).toMatchObject({
    source: 'sidecar',
    from: '',
    to: ['bob@example.test'],
    ip: '2001:db8::1',
    helo: '[192.0.2.1]',
    auth: 'ann',
    listener: 'in',
    tls: true,
  });
  // As it lies there.
  expect(one?.text).toMatch(/^Return-Path: <other/);
  expect(two).toMatchObject({
    source: 'sidecar',
    from: 'given@client.test',
    to: ['lee@example.test'],
    ip: '192.0.2.9',
  });
});

test('a sidecar with mistakes is refused, each mistake at its position', async () => {
  const folder = await folderWith({
    'one.eml': MAIL,
    'one.envelope.yaml': 'form: ann@client.test\nto: [bob]\nip: 192.0.2.300\n',
  });
  await expect(arrivals([folder])).rejects.toThrow(
    /one\.envelope\.yaml:1:1: form: unknown key; did you mean "from"[^]*:2:6: to\[0\]: a mailbox is expected[^]*:3:5: ip: an IP address/,
  );
});

test('a sidecar without its message is told', async () => {
  const folder = await folderWith({ 'one.envelope.yaml': 'to: bob@example.test\n', 'other.eml': MAIL });
  expect(await shown(folder)).toEqual(['fault one.envelope.yaml', 'sample other.eml']);
});
