/** How mailboxes are kept: how much they hold, whose they are, where mail with a detail goes, and mboxcl2. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { byAddress, faultsIn, harness } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';
import { describeWithProgram, run } from '../../support/external.ts';
import { realMailboxes } from './real-mailbox.ts';

const MAIL = 'Subject: Hello\n\nHello, Bob.\n';
const FULL = { kind: 'bounced', reply: { code: 552, status: '5.2.2', text: 'Mailbox is full' } };

async function delivering(options: object = {}) {
  const plugin = await harness(mboxDelivery, { directory: 'mail', ...options }, { now: '2026-11-23T09:05:00Z' });
  const outcomes = async (...delivery: Parameters<typeof plugin.deliver>) =>
    byAddress((await plugin.deliver(...delivery))?.outcomes ?? new Map());
  return { ...plugin, outcomes };
}

describe('a quota', () => {
  test('lets in what fits, to the octet, and nothing of what does not', async () => {
    const { outcomes, files } = await delivering();
    await outcomes({ content: MAIL });
    const size = files.text('mail/bob')?.length ?? 0;
    const kept = await delivering({ quota: `${2 * size} B` });
    for (let count = 0; count < 2; count++) {
      expect(await kept.outcomes({ content: MAIL })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    }
    expect(await kept.outcomes({ content: MAIL })).toMatchObject({ 'bob@example.test': FULL });
    expect(kept.files.text('mail/bob')).toHaveLength(2 * size);
  });

  test('holds for large mail, which is read while it is written', async () => {
    const { outcomes, files } = await delivering({ quota: '1 MiB' });
    await outcomes({ content: MAIL });
    const before = files.text('mail/bob');
    expect(await outcomes({ content: `Subject: x\n\n${'x'.repeat(76)}\n`.repeat(20_000) })).toMatchObject({
      'bob@example.test': FULL,
    });
    expect(files.text('mail/bob')).toBe(before);
  });

  test('of mails that come at once some fit: those are delivered, the others are not', async () => {
    const { deliver, folder } = await realMailboxes({ quota: '1 KiB' });
    const large = `Subject: large\n\n${'x'.repeat(700)}\n`;
    const outcomes = await Promise.all([large, large, MAIL, MAIL].map(content => deliver({ content })));
    expect(outcomes.filter(one => one?.kind === 'delivered').length).toBeGreaterThanOrEqual(1);
    expect(outcomes.filter(one => one?.kind === 'bounced').length).toBeGreaterThanOrEqual(1);
    expect((await stat(join(folder, 'bob'))).size).toBeLessThanOrEqual(1024);
  });
});

describe('a detail', () => {
  const options = { delimiters: '+', path: '{user}', detailPath: '{user}.{detail}' };

  test('leads to the file of its name where there is one, and to the mailbox elsewhere', async () => {
    const { outcomes, files } = await delivering(options);
    files.put('mail/bob.lists', '');
    await outcomes({ to: ['bob+lists@example.test', 'bob+other@example.test', 'bob@example.test'], content: MAIL });
    expect(files.paths()).toEqual(['/config/mail/bob', '/config/mail/bob.lists']);
    expect(files.text('mail/bob')?.match(/^From /gm)).toHaveLength(2);
    expect(files.text('mail/bob.lists')).toContain('Delivered-To: bob+lists@example.test\n');
  });

  test('has its file made where the configuration says so, and escapes from nothing', async () => {
    const { outcomes, files } = await delivering({ ...options, details: 'made' });
    await outcomes({ to: ['"bob+../../x"@example.test', 'bob+lists@example.test'], content: MAIL });
    expect(files.paths()).toEqual(['/config/mail/bob.%2E.%2F..%2Fx', '/config/mail/bob.lists']);
  });

  test.each([
    { options: { path: '{user}.{detail}' }, want: 'cannot contain {detail}' },
    { options: { detailPath: '{user}' }, want: 'must contain {detail}' },
    { options: { detailPath: '{detail}' }, want: 'must contain {local} or {user}' },
  ])('$want', async ({ options, want }) => {
    expect((await faultsIn(mboxDelivery, { directory: 'mail', ...options })).join('\n')).toContain(want);
  });
});

describe('mboxcl2', () => {
  test('quotes nothing and says how long the body is, whatever the mail has said before', async () => {
    const { outcomes, files } = await delivering({ format: 'mboxcl2' });
    await outcomes({ content: 'Content-Length: 99999\nSubject: x\n\nFrom here on\n>From there\n' });
    expect(files.text('mail/bob')).toBe(
      [
        'From ann@example.test Mon Nov 23 09:05:00 2026',
        'Return-Path: <ann@example.test>',
        'Delivered-To: bob@example.test',
        'Delivery-date: Mon, 23 Nov 2026 09:05:00 +0000',
        'Content-Length: 25',
        'Subject: x',
        '',
        'From here on',
        '>From there',
        '',
        '',
      ].join('\n'),
    );
  });

  test.each([
    { what: 'no body', content: 'Subject: x\n', length: 0 },
    { what: 'an empty body', content: 'Subject: x\n\n', length: 0 },
    { what: 'no line end at the end', content: 'Subject: x\n\nend', length: 4 },
    { what: 'empty lines', content: 'Subject: x\n\n\n\n', length: 2 },
    { what: 'a large body', content: `Subject: x\n\n${'From many lines\n'.repeat(20_000)}`, length: 320_000 },
  ])('$what: $length', async ({ content, length }) => {
    const { outcomes, files } = await delivering({ format: 'mboxcl2' });
    await outcomes({ content });
    expect(files.text('mail/bob')).toContain(`\nContent-Length: ${length}\n`);
  });

  describeWithProgram('mutt', 'mutt', () => {
    test('finds as many mails, and their lines are as they were sent', async () => {
      const { deliver, folder } = await realMailboxes({ format: 'mboxcl2' });
      const mails = [
        'Subject: a\n\n\nFrom x Mon Nov 23 09:05:00 2026\nSubject: inner\n\n',
        'Subject: b\n\nlast\n',
        'Subject: c\n\n',
      ];
      for (const content of mails) expect(await deliver({ content })).toMatchObject({ kind: 'delivered' });
      const settings = 'set folder=. pipe_decode=no wait_key=no pipe_split=no pipe_sep="@@" sort=mailbox-order';
      const keys = 'push "<tag-pattern>~A<enter><tag-prefix><pipe-message>cat > read<enter><exit>"';
      const mutt = `mutt -n -F /dev/null -R -f bob -e '${settings}' -e '${keys}'`;
      await run('script', ['-qefc', mutt, '/dev/null'], { cwd: folder, env: { TERM: 'xterm', HOME: folder } });
      const read = (await readFile(join(folder, 'read'), 'latin1')).split('@@').slice(0, -1);
      expect(read.map(mail => mail.replace(/^[\s\S]*?(?=^Subject: )/m, ''))).toEqual(mails);
    });
  });
});

describe.skipIf(process.getuid?.() !== 0)('an owner', () => {
  test('is given a mailbox when it is made, and it is written to later', async () => {
    const { deliver, folder } = await realMailboxes({ user: 65_534, group: 65_534, mode: '0660' });
    for (let count = 0; count < 2; count++)
      expect(await deliver({ content: MAIL })).toMatchObject({ kind: 'delivered' });
    expect(await stat(join(folder, 'bob'))).toMatchObject({ uid: 65_534, gid: 65_534 });
    expect((await readFile(join(folder, 'bob'), 'utf8')).match(/^From /gm)).toHaveLength(2);
  });

  test('other than the configured one: a mailbox of somebody else is not written to', async () => {
    const { deliver, folder } = await realMailboxes({ user: 65_534 });
    await deliver({ content: MAIL });
    const { deliver: other } = await realMailboxes({ directory: folder, user: 1 });
    expect(await other({ content: MAIL })).toMatchObject({ kind: 'deferred', reply: { status: '4.3.5' } });
  });
});
