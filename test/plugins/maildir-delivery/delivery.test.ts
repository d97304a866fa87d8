/** What arrives in a Maildir, and what becomes of a mail that cannot. */
import { describe, expect, test } from 'vitest';
import { aRecipient, byAddress, faultsIn, harness } from '../../../core/testing.ts';
import maildirDelivery from '../../../plugins/maildir-delivery/index.ts';

const NOW = '2026-11-23T09:05:00Z';
const MAIL = 'From: ann@example.test\nSubject: Hello\n\nHello, Bob.\n';

async function delivering(options: object = {}) {
  const plugin = await harness(maildirDelivery, { directory: 'mail', ...options }, { now: NOW });
  const outcomes = async (...delivery: Parameters<typeof plugin.deliver>) => {
    const report = await plugin.deliver(...delivery);
    if (report === undefined) throw new Error('the plugin was silent');
    return byAddress(report.outcomes);
  };
  /** The mails of a folder, as their paths below the mail directory. */
  const mails = (folder = '') =>
    plugin.files.paths().filter(path => path.startsWith(`/config/mail/${folder}`) && /\/(new|cur|tmp)\//.test(path));
  return { ...plugin, outcomes, mails };
}

/** The one mail that is there. */
function only(paths: readonly string[]): string {
  expect(paths).toHaveLength(1);
  return paths[0] ?? '';
}

describe('a mail', () => {
  test('lies in new, under a name with time, process, host and size, with the fields of delivery and LF line ends', async () => {
    const { outcomes, files, mails } = await delivering();
    expect(await outcomes({ content: MAIL })).toEqual({
      'bob@example.test': { kind: 'delivered', disposition: 'final', remote: null, text: 'maildir bob' },
    });
    const path = only(mails());
    const text = [
      'Return-Path: <ann@example.test>',
      'Delivered-To: bob@example.test',
      'Delivery-date: Mon, 23 Nov 2026 09:05:00 +0000',
      'From: ann@example.test',
      'Subject: Hello',
      '',
      'Hello, Bob.',
      '',
    ].join('\n');
    expect(files.text(path)).toBe(text);
    expect(path).toMatch(
      new RegExp(
        `^/config/mail/bob/new/1795424700\\.M0P${process.pid}Q1R[0-9a-f]{8}\\.mx\\.example\\.test,S=${text.length}$`,
      ),
    );
  });

  test('brings no Return-Path of its own', async () => {
    const { outcomes, files, mails } = await delivering();
    await outcomes({ content: `Return-Path: <forged@example.test>\n${MAIL}` });
    expect(files.text(only(mails()))?.match(/^Return-Path:.*$/gm)).toEqual(['Return-Path: <ann@example.test>']);
  });

  test('for several recipients lies in the Maildir of each', async () => {
    const { outcomes, mails } = await delivering({ path: '{domain}/{local}' });
    await outcomes({ to: ['bob@one.test', 'carl@one.test', '"../dan"@two.test'], content: MAIL });
    expect(mails().map(path => path.split('/new/')[0])).toEqual([
      '/config/mail/one.test/bob',
      '/config/mail/one.test/carl',
      '/config/mail/two.test/%2E.%2Fdan',
    ]);
  });

  test('of one instant has another name than all others', async () => {
    const { outcomes, mails } = await delivering();
    await Promise.all(Array.from({ length: 20 }, () => outcomes({ content: MAIL })));
    expect(new Set(mails()).size).toBe(20);
  });

  test('that was delivered here before goes in circles', async () => {
    const { outcomes, mails } = await delivering();
    expect(await outcomes({ content: `Delivered-To: BOB@example.test\n${MAIL}` })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 554, status: '5.4.6' } },
    });
    expect(mails()).toEqual([]);
  });

  test('goes into the Maildir that an alias names, below the directory', async () => {
    const { deliver, files } = await delivering();
    const led = (argument: string) =>
      aRecipient('staff@example.test', { target: { transport: 'maildir-delivery', argument } });
    const [outcome] = (await deliver({ to: led('/config/mail/lists/all/'), content: MAIL }))?.outcomes.values() ?? [];
    expect(outcome).toMatchObject({ kind: 'delivered', text: expect.stringContaining('lists/all') });
    expect(files.paths().every(path => path.startsWith('/config/mail/lists/all/'))).toBe(true);
    const [refused] = (await deliver({ to: led('/config/mail/../x/'), content: MAIL }))?.outcomes.values() ?? [];
    expect(refused).toMatchObject({ kind: 'deferred', reply: { status: '4.3.5' } });
  });
});

describe('whatever fails, no mail is in new, nothing stays in tmp, and the mail is tried again', () => {
  test.each([
    { operation: 'write', errno: 'ENOSPC', reply: { code: 452, status: '4.3.1' } },
    { operation: 'sync', errno: 'EIO', reply: { code: 451, status: '4.3.0' } },
    { operation: 'close', errno: 'EDQUOT', reply: { code: 451, status: '4.2.2' } },
    { operation: 'link', errno: 'EIO', reply: { code: 451, status: '4.3.0' } },
  ] as const)('$operation: $errno', async ({ operation, errno, reply }) => {
    const { outcomes, files, mails } = await delivering();
    await outcomes({ content: MAIL });
    const [first = ''] = mails();
    const failing = first.replace('/new/', '/tmp/').replace(/,S=.*/, '').replace('Q1R', 'Q2R');
    const chance = /R([0-9a-f]{8})/;
    // The next name is known but for its chance: every name of the folder fails.
    const open = files.open.bind(files);
    files.open = async (path, how, mode) => {
      expect(path.replace(chance, '')).toBe(failing.replace(chance, ''));
      files.fail(path, errno, operation);
      return open(path, how, mode);
    };
    expect(await outcomes({ content: MAIL })).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply } });
    expect(mails()).toEqual([first]);
  });

  test('syncing new: the name goes again', async () => {
    const { outcomes, files, mails } = await delivering();
    await outcomes({ content: MAIL });
    files.fail('mail/bob/new', 'EIO', 'syncDirectory');
    expect(await outcomes({ content: MAIL })).toMatchObject({ 'bob@example.test': { kind: 'deferred' } });
    expect(mails()).toHaveLength(1);
  });

  test('a file system without hard links: the mail is moved', async () => {
    const { outcomes, files, mails } = await delivering();
    files.link = async () => {
      throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' });
    };
    expect(await outcomes({ content: MAIL })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(only(mails())).toContain('/new/');
  });
});

describe('folders', () => {
  test('a subaddress leads to the folder of its name, whatever the case, where there is one', async () => {
    const { outcomes, files, mails } = await delivering({ delimiters: '+' });
    await outcomes({ to: ['bob@example.test'], content: MAIL });
    for (const part of ['new', 'cur', 'tmp']) await files.makeDirectory(`mail/bob/.Lists.Dev/${part}`);
    await outcomes({ to: ['bob+lists.dev@example.test', 'bob+other@example.test'], content: MAIL });
    expect(mails('bob/new')).toHaveLength(2);
    expect(mails('bob/.Lists.Dev/new')).toHaveLength(1);
  });

  test('is made where the configuration says so, with the mark of a folder', async () => {
    const { outcomes, files, mails } = await delivering({ delimiters: '+', folders: 'made' });
    expect(await outcomes({ to: ['bob+Lists@example.test'], content: MAIL })).toMatchObject({
      'bob+Lists@example.test': { text: 'maildir bob/.lists' },
    });
    expect(mails('bob/.lists/new')).toHaveLength(1);
    expect(files.text('mail/bob/.lists/maildirfolder')).toBe('');
  });

  test('no subaddress means anything where no delimiters are given', async () => {
    const { outcomes, mails } = await delivering();
    await outcomes({ to: ['bob+lists@example.test'], content: MAIL });
    expect(only(mails())).toContain('/mail/bob+lists/new/');
  });

  test.each(['..', '../../carl', '.', 'a/b', '..\\x'])(
    'path traversal: the detail %j leads nowhere but into a folder of the mailbox',
    async detail => {
      const { outcomes, mails } = await delivering({ delimiters: '+', folders: 'made' });
      await outcomes({ to: [`"bob+${detail.replaceAll('\\', '\\\\')}"@example.test`], content: MAIL });
      expect(only(mails())).toMatch(/^\/config\/mail\/bob\/\.[^/]+\/new\/[^/]+$/);
      expect(only(mails())).not.toContain('/../');
    },
  );
});

describe('what is left in tmp', () => {
  test('is removed when it is older than 36 hours, and not before', async () => {
    const { outcomes, files, clock, mails } = await delivering();
    await outcomes({ content: MAIL });
    files.put('mail/bob/tmp/1.killed', 'half a mai');
    await clock.advance(35 * 3_600_000);
    await outcomes({ content: MAIL });
    expect(mails('bob/tmp')).toHaveLength(1);
    await clock.advance(2 * 3_600_000);
    await outcomes({ content: MAIL });
    expect(mails('bob/tmp')).toEqual([]);
  });
});

describe('options', () => {
  test.each([
    { options: { directory: 'mail', path: 'inbox' }, want: 'must contain {local} or {user}' },
    { options: { directory: 'mail', quota: {} }, want: 'must say size, messages, or both' },
    { options: { directory: 'mail', mode: 600 }, want: 'write the permissions in quotes' },
  ])('$want', async ({ options, want }) => {
    expect((await faultsIn(maildirDelivery, options)).join('\n')).toContain(want);
  });
});
