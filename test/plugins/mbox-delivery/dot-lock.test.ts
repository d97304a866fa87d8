/** Waiting for a mailbox that somebody else has locked, by a clock that only the test moves. */
import { describe, expect, test } from 'vitest';
import { byAddress, harness } from '../../../core/testing.ts';
import mboxDelivery from '../../../plugins/mbox-delivery/index.ts';

async function locked(options: object = {}) {
  const now = '2026-11-23T09:05:00Z';
  const plugin = await harness(mboxDelivery, { directory: 'mail', ...options }, { now });
  plugin.files.put('mail/bob.lock', '0');
  const outcomes = async (...delivery: Parameters<typeof plugin.deliver>) => {
    const report = await plugin.deliver(...delivery);
    return byAddress(report?.outcomes ?? new Map());
  };
  return { ...plugin, outcomes };
}

const LOCKED = { kind: 'deferred', reply: { code: 450, status: '4.2.0', text: 'Mailbox is locked, try again later' } };

describe('a locked mailbox', () => {
  test('is waited for, and the mail is delivered when the lock is gone', async () => {
    const { outcomes, files, clock } = await locked();
    const delivery = outcomes();
    await clock.asleep();
    await clock.advance(10_000);
    expect(files.text('mail/bob')).toBeNull();
    await files.remove('mail/bob.lock');
    await clock.advance(100);
    expect(await delivery).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(files.paths()).toEqual(['/config/mail/bob']);
  });

  test('is waited for no longer than thirty seconds, or what the configuration says', async () => {
    for (const [options, milliseconds] of [
      [{}, 30_000],
      [{ lockTimeout: '2 s' }, 2000],
    ] as const) {
      const { outcomes, clock, files } = await locked(options);
      const delivery = outcomes();
      await clock.asleep();
      await clock.advance(milliseconds);
      expect(await delivery).toMatchObject({ 'bob@example.test': LOCKED });
      expect(files.text('mail/bob.lock')).toBe('0');
    }
  });

  test('costs the other recipients of the mail no time, and later mails no second wait', async () => {
    const { outcomes, clock, files } = await locked();
    const first = outcomes({ to: ['bob@example.test', 'carl@example.test'] });
    const second = outcomes();
    await clock.asleep();
    expect(files.text('mail/carl')).not.toBeNull();
    await clock.advance(30_000);
    expect(await first).toMatchObject({ 'bob@example.test': LOCKED, 'carl@example.test': { kind: 'delivered' } });
    expect(await second).toMatchObject({ 'bob@example.test': LOCKED });
  });

  test('is given up at once where the attempt is ended', async () => {
    const { outcomes, clock } = await locked();
    const attempt = new AbortController();
    const delivery = outcomes({ signal: attempt.signal });
    await clock.asleep();
    attempt.abort(new Error('too late'));
    expect(await delivery).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply: { status: '4.3.0' } } });
  });

  test('is opened by force when the lock is ten minutes old', async () => {
    const { outcomes, clock, log } = await locked({ lockTimeout: '1 h' });
    const delivery = outcomes();
    await clock.asleep();
    await clock.advance(600_200);
    expect(await delivery).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(log.of('unlocked')[0]?.fields).toMatchObject({
      lock: '/config/mail/bob.lock',
      reason: 'it is 10 minutes old',
    });
  });
});
