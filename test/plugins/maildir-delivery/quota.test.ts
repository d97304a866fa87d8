/** The quota of a Maildir: kept in maildirsize, where other programs read and write it too. */
import { describe, expect, test } from 'vitest';
import { byAddress, harness } from '../../../core/testing.ts';
import maildirDelivery from '../../../plugins/maildir-delivery/index.ts';

const MAIL = 'Subject: Hello\n\nHello, Bob.\n';
const FILE = 'mail/bob/maildirsize';
const FULL = { kind: 'bounced', reply: { code: 552, status: '5.2.2', text: 'Mailbox is full' } };

async function mailbox(quota: object) {
  const plugin = await harness(maildirDelivery, { directory: 'mail', quota }, { now: '2026-11-23T09:05:00Z' });
  const deliver = async (content = MAIL) => {
    const report = await plugin.deliver({ content });
    return byAddress(report?.outcomes ?? new Map())['bob@example.test'];
  };
  const mails = () => plugin.files.paths().filter(path => /\/(new|cur)\//.test(path));
  return { ...plugin, deliver, mails };
}

describe('maildirsize', () => {
  test('begins with the quota, and has a line for each mail', async () => {
    const { deliver, files } = await mailbox({ size: '1 MiB', messages: 10 });
    await deliver();
    await deliver();
    const [first = ''] = (files.text(FILE) ?? '').split('\n');
    expect(first).toBe('1048576S,10C');
    expect(files.text(FILE)).toMatch(/^1048576S,10C\n0 0\n(\d+) 1\n\1 1\n$/);
  });

  test('is believed: what others have written into it counts', async () => {
    const { deliver, files } = await mailbox({ messages: 10 });
    await deliver();
    await files.append(FILE, Buffer.from('5000 9\n'));
    expect(await deliver()).toMatchObject(FULL);
    await files.append(FILE, Buffer.from('-500 -1\n'));
    expect(await deliver()).toMatchObject({ kind: 'delivered' });
  });

  test('that is old and says full is made anew: others may have removed mail', async () => {
    const { deliver, files, clock, mails } = await mailbox({ messages: 2 });
    await deliver();
    await deliver();
    const [one = ''] = mails();
    await files.remove(one);
    expect(await deliver()).toMatchObject(FULL);
    await clock.advance(16 * 60_000);
    expect(await deliver()).toMatchObject({ kind: 'delivered' });
    expect(await deliver()).toMatchObject(FULL);
  });

  test.each([
    { what: 'with another quota', text: '5S\n0 0\n' },
    { what: 'that has grown long', text: `3C\n${'0 0\n'.repeat(1500)}` },
    { what: 'with a sum below nothing', text: '3C\n-5 -1\n' },
    { what: 'that is none', text: '\u0000\u0001' },
  ])('$what is made anew from the mails', async ({ text }) => {
    const { deliver, files } = await mailbox({ messages: 3 });
    for (let count = 0; count < 2; count++) await deliver();
    files.put(FILE, text);
    expect(await deliver()).toMatchObject({ kind: 'delivered' });
    expect(await deliver()).toMatchObject(FULL);
    expect(files.text(FILE)).toMatch(/^3C\n\d+ 2\n/);
  });

  test('counts the mails of folders and of cur, by the size in their names where it is there, without trash', async () => {
    const { deliver, files } = await mailbox({ size: 9_850 });
    await deliver();
    files.put('mail/bob/cur/1.x,S=4000:2,S', 'short');
    files.put('mail/bob/.Lists/cur/2.x:2,', 'x'.repeat(3000));
    files.put('mail/bob/.Trash/cur/3.x,S=9000:2,', 'x');
    files.put('mail/bob/cur/4.x,S=9000:2,ST', 'x');
    files.put('mail/bob/tmp/5.x', 'x'.repeat(9000));
    await files.remove(FILE);
    expect(await deliver(`Subject: x\n\n${'x'.repeat(2500)}\n`)).toMatchObject({ kind: 'delivered' });
    expect(await deliver()).toMatchObject(FULL);
  });
});

describe('a full mailbox', () => {
  test('leaves nothing of the mail behind', async () => {
    const { deliver, files, log } = await mailbox({ size: 100 });
    expect(await deliver()).toMatchObject(FULL);
    expect(files.paths().filter(path => /\/(new|tmp)\//.test(path))).toEqual([]);
    expect(log.of('filled')).toMatchObject([{ fields: { mailbox: 'bob' } }]);
  });

  test('makes mail wait where the configuration says so', async () => {
    const { deliver } = await mailbox({ size: 100, full: 'defer' });
    expect(await deliver()).toMatchObject({ kind: 'deferred', reply: { code: 452, status: '4.2.2' } });
  });

  test('race for the last room: of mails that come at once only as many are delivered as fit', async () => {
    const { deliver, mails } = await mailbox({ messages: 3 });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => deliver()));
    expect(outcomes.filter(one => one?.kind === 'delivered')).toHaveLength(3);
    expect(mails()).toHaveLength(3);
  });
});
