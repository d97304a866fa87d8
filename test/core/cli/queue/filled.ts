/** A queue as the verbs meet it: one mail that was tried once, one on hold for an alias, and words that would harm a terminal. */
import { deferredBy } from '../../../../core/mail/outcome.ts';
import type { QueueStore } from '../../../../core/plugin/queue-store.ts';
import { memoryStore } from '../../../../core/queue/memory-store.ts';
import { aRecipient } from '../../../../core/testing/builders.ts';
import { ARRIVAL, after, newMail } from '../../queue/queued-mail.ts';

export const BUSY = deferredBy(
  { code: 451, status: '4.3.2', text: 'Busy' },
  'mx.example[192.0.2.9]:25',
  '451 come back\u001b[2J',
);

const ALIASED = aRecipient('ann@example.test', {
  original: { localPart: 'staff', domain: 'example.test' },
  via: ['staff (aliases:3)'],
});

/** `A` was tried once and waits until five minutes after its arrival; `H` is on hold. */
export async function filled(store: QueueStore = memoryStore()): Promise<QueueStore> {
  const held = { kind: 'hold', by: 'scanner', reason: 'odd' } as const;
  await store.commit([newMail('A'), { ...newMail('H', { to: ALIASED, from: '<>' }), fate: held }]);
  const room = { each: 1, but: new Map<string, number>() };
  const [lease] = await store.lease({ owner: 'one', now: ARRIVAL, until: after(60_000), limit: 1, room });
  const again = { index: 0, kind: 'again', outcome: BUSY, nextAttempt: after(300_000), delayNotified: false } as const;
  if (lease !== undefined) await store.settle(lease, [again], [], []);
  return store;
}

/** What a verb prints. */
export async function printed(run: (print: (text: string) => void) => Promise<void>): Promise<string> {
  let text = '';
  await run(piece => {
    text += piece;
  });
  return text;
}
