/** What arrives in a mailbox, and what becomes of a mail that cannot. */
import { describe, expect, test } from 'vitest';
import { aRecipient, byAddress, faultsIn, harness } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';
import { readMbox } from './mboxrd-reader.ts';

const NOW = '2026-11-23T09:05:00Z';
const MAIL = 'From: ann@example.test\nSubject: Hello\n\nHello, Bob.\n';

async function delivering(options: object = {}) {
  const plugin = await harness(mboxDelivery, { directory: 'mail', ...options }, { now: NOW });
  const outcomes = async (...delivery: Parameters<typeof plugin.deliver>) => {
    const report = await plugin.deliver(...delivery);
    if (report === undefined) throw new Error('the plugin was silent');
    return byAddress(report.outcomes);
  };
  return { ...plugin, outcomes };
}

describe('a mailbox', () => {
  test('gets a From_ line, the fields of delivery, the mail with LF line ends, and an empty line', async () => {
    const { outcomes, files } = await delivering();
    expect(await outcomes({ content: MAIL })).toEqual({
      'bob@example.test': { kind: 'delivered', disposition: 'final', remote: null, text: 'mbox bob' },
    });
    expect(files.text('mail/bob')).toBe(
      [
        'From ann@example.test Mon Nov 23 09:05:00 2026',
        'Return-Path: <ann@example.test>',
        'Delivered-To: bob@example.test',
        'Delivery-date: Mon, 23 Nov 2026 09:05:00 +0000',
        'From: ann@example.test',
        'Subject: Hello',
        '',
        'Hello, Bob.',
        '',
        '',
      ].join('\n'),
    );
  });

  test('keeps what was in it, and the lock is gone', async () => {
    const { outcomes, files } = await delivering();
    for (const subject of ['one', 'two', 'three']) await outcomes({ content: `Subject: ${subject}\n\nFrom here\n` });
    const mails = readMbox(await files.read('mail/bob'));
    expect(mails.map(mail => mail.content)).toEqual([
      'Subject: one\n\nFrom here\n',
      'Subject: two\n\nFrom here\n',
      'Subject: three\n\nFrom here\n',
    ]);
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });

  test('bears the local part in lower case, and each recipient has its own', async () => {
    const { outcomes, files } = await delivering();
    await outcomes({ to: ['Bob@example.test', 'carl@example.test', '"../dan"@example.test'], content: MAIL });
    expect(files.paths()).toEqual(['/config/mail/%2E.%2Fdan', '/config/mail/bob', '/config/mail/carl']);
  });

  test('is the file that an alias names, below the directory', async () => {
    const { outcomes, files } = await delivering();
    const led = (argument: string) =>
      aRecipient('staff@example.test', { target: { transport: 'mbox-delivery', argument } });
    expect(await outcomes({ to: led('/config/mail/Lists/all'), content: MAIL })).toMatchObject({
      'staff@example.test': { kind: 'delivered', text: 'mbox Lists/all' },
    });
    expect(files.text('mail/Lists/all')).toContain('\nDelivered-To: staff@example.test\n');
    for (const argument of ['/config/mail/../aliases', '/etc/passwd', '/config/mail/box/']) {
      expect(await outcomes({ to: led(argument), content: MAIL })).toMatchObject({
        'staff@example.test': { kind: 'deferred', reply: { status: '4.3.5' } },
      });
    }
    expect(files.paths()).toEqual(['/config/mail/Lists/all']);
  });

  test('lies where the template says', async () => {
    const { outcomes, files } = await delivering({ path: '{domain}/{local}/inbox' });
    await outcomes({ to: ['bob@one.test', 'bob@two.test'], content: MAIL });
    expect(files.paths()).toEqual(['/config/mail/one.test/bob/inbox', '/config/mail/two.test/bob/inbox']);
  });

  test('is filled in turn by deliveries that come at once', async () => {
    const { outcomes, files } = await delivering();
    const contents = Array.from({ length: 20 }, (_, index) => `Subject: ${index}\n\n${'x\n'.repeat(index)}`);
    await Promise.all(contents.map(content => outcomes({ content })));
    const mails = readMbox(await files.read('mail/bob'));
    expect(mails.map(mail => mail.content).toSorted()).toEqual(contents.toSorted());
  });

  test('without an empty line at its end gets one before the next mail', async () => {
    for (const end of ['', '\n']) {
      const { outcomes, files } = await delivering();
      files.put('mail/bob', `From x Mon Nov 23 09:05:00 2026\nSubject: by another program\n\nbody${end}`);
      await outcomes({ content: MAIL });
      const mails = readMbox(await files.read('mail/bob'));
      expect(mails.map(mail => mail.content)).toEqual(['Subject: by another program\n\nbody\n', MAIL]);
    }
  });

  test('in mboxo has From_ lines quoted once only', async () => {
    const { outcomes, files } = await delivering({ format: 'mboxo' });
    await outcomes({ content: 'Subject: x\n\nFrom me\n>From you\n' });
    expect(files.text('mail/bob')).toContain('\n>From me\n>From you\n');
  });
});

describe('the fields of delivery', () => {
  test('show the null reverse-path as <>, and as MAILER-DAEMON in the From_ line', async () => {
    const { outcomes, files } = await delivering();
    await outcomes({ from: '<>', content: MAIL });
    const [mail] = readMbox(await files.read('mail/bob'));
    expect(mail?.fromLine).toBe('From MAILER-DAEMON Mon Nov 23 09:05:00 2026');
    expect(mail?.added[0]).toBe('Return-Path: <>');
  });

  test('name the address that an alias had', async () => {
    const { outcomes, files } = await delivering();
    const original = { localPart: 'Staff Office', domain: 'example.test' };
    await outcomes({ to: aRecipient('bob@example.test', { original }), content: MAIL });
    const [mail] = readMbox(await files.read('mail/bob'));
    expect(mail?.added).toEqual([
      'Return-Path: <ann@example.test>',
      'Delivered-To: bob@example.test',
      'X-Original-To: "Staff Office"@example.test',
      'Delivery-date: Mon, 23 Nov 2026 09:05:00 +0000',
    ]);
  });

  test('replace every Return-Path that the mail brought, folded ones too', async () => {
    const { outcomes, files } = await delivering();
    const content =
      'return-path: <x@evil.test>\nSubject: a\nReturn-Path:\n <y@evil.test>\nTo: b\n\nReturn-Path: body\n';
    await outcomes({ content });
    const [mail] = readMbox(await files.read('mail/bob'));
    expect(mail?.content).toBe('Subject: a\nTo: b\n\nReturn-Path: body\n');
  });
});

describe('a mail that cannot be delivered', () => {
  test('loop: one that was in this mailbox before comes back', async () => {
    const { outcomes, files } = await delivering();
    expect(await outcomes({ content: `Delivered-To: BOB@example.test\n${MAIL}` })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 554, status: '5.4.6' } },
    });
    expect(files.paths()).toEqual([]);
  });

  test('is no loop where it was in another mailbox', async () => {
    const { outcomes } = await delivering();
    expect(await outcomes({ content: `Delivered-To: carl@example.test\n${MAIL}` })).toMatchObject({
      'bob@example.test': { kind: 'delivered' },
    });
  });

  test('comes back from a name that can be no file', async () => {
    const { outcomes } = await delivering();
    const to = aRecipient('bob@example.test', { forwardPath: { localPart: '', domain: 'example.test' } });
    expect(await outcomes({ to, content: MAIL })).toMatchObject({
      '""@example.test': { kind: 'bounced', reply: { code: 553, status: '5.1.3' } },
    });
  });

  test.each([
    { errno: 'ENOSPC', operation: 'write', want: { code: 452, status: '4.3.1' } },
    { errno: 'ENOSPC', operation: 'sync', want: { code: 452, status: '4.3.1' } },
    { errno: 'EDQUOT', operation: 'write', want: { code: 451, status: '4.2.2' } },
    { errno: 'EIO', operation: 'write', want: { code: 451, status: '4.3.0' } },
    { errno: 'EMFILE', operation: 'open', want: { code: 451, status: '4.3.0' } },
    { errno: 'EAGAIN', operation: 'open', want: { code: 451, status: '4.2.0' } },
  ] as const)(
    'is deferred and leaves nothing where $operation fails with $errno',
    async ({ errno, operation, want }) => {
      const { outcomes, files, log } = await delivering();
      await outcomes({ content: MAIL });
      const before = files.text('mail/bob');
      files.fail('mail/bob', errno, operation);
      expect(await outcomes({ to: ['bob@example.test', 'carl@example.test'], content: MAIL })).toMatchObject({
        'bob@example.test': { kind: 'deferred', reply: want },
        'carl@example.test': { kind: 'delivered' },
      });
      expect(files.text('mail/bob')).toBe(before);
      expect(log.of('failed')).toHaveLength(1);
      files.heal('mail/bob');
      expect(await outcomes({ content: MAIL })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
      expect(readMbox(await files.read('mail/bob'))).toHaveLength(2);
    },
  );

  test('is deferred where the file has another name too', async () => {
    const { outcomes, files, log } = await delivering();
    files.put('mail/bob', '');
    await files.link('mail/bob', 'mail/elsewhere');
    expect(await outcomes({ content: MAIL })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.3.5' } },
    });
    expect(files.text('mail/bob')).toBe('');
    expect(log.text()).toContain('hard link');
  });

  test('is deferred and taken off where the attempt is ended in the middle', async () => {
    const { outcomes, files } = await delivering();
    await outcomes({ content: MAIL });
    const before = files.text('mail/bob');
    const attempt = new AbortController();
    const content = {
      size: 600_000,
      bytes: () => Promise.resolve(Buffer.alloc(600_000, 'x')),
      async *stream() {
        yield Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(300_000)}`);
        attempt.abort(new Error('too late'));
        yield Buffer.alloc(300_000, 'x');
      },
    };
    expect(await outcomes({ content, signal: attempt.signal })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status: '4.3.0' } },
    });
    expect(files.text('mail/bob')).toBe(before);
  });
});

describe('options', () => {
  test.each([
    { options: {}, want: /directory/ },
    { options: { directory: 'mail', path: '../{local}' }, want: /options\.path: may hold/ },
    { options: { directory: 'mail', mode: 384 }, want: /options\.mode: write the permissions in quotes/ },
    { options: { directory: 'mail', mode: '0999' }, want: /options\.mode: permissions are three octal digits/ },
    { options: { directory: 'mail', format: 'mboxcl' }, want: /options\.format/ },
    { options: { directory: 'mail', lockTimeout: 5 }, want: /options\.lockTimeout: a duration/ },
    { options: { directory: 'taken' }, want: /options\.directory: \/config\/taken is not a folder/ },
  ])('$options is refused', async ({ options, want }) => {
    const faults = await faultsIn(mboxDelivery, options, { files: { taken: 'a file' } });
    expect(faults.join('\n')).toMatch(want);
  });
});
