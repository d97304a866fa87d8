/**
 * The table of states at the head of `sqlite-store.ts`, each transition as something that a test can do: what leads to it,
 * what it is, and how things stand before and after.
 */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf } from '../../../core/mail/content.ts';
import { deferredBy, deliveredTo } from '../../../core/mail/outcome.ts';
import type { Fate, Lease, QueueStore } from '../../../core/plugin/queue-store.ts';
import { after, newMail, order } from './queued-mail.ts';

const LARGE = contentOf(Buffer.alloc(300_000, 'large\r\n'));
export const LEASE_TIME = 60_000;

/** The life that leads to the transition, and the transition. */
export interface Life {
  readonly store: QueueStore;
  readonly directory: string;
  /** The only lease, once it was taken. */
  readonly leased: () => Lease;
  readonly take: (recipients?: number) => Promise<void>;
}

/** Each mail with the states of its recipients, `A: waiting, done`, and the spool files. */
export interface Picture {
  readonly mails: readonly string[];
  readonly spool: readonly string[];
}

export interface Transition {
  readonly name: string;
  readonly prepare: (life: Life) => Promise<unknown>;
  readonly act: (life: Life) => Promise<unknown>;
  readonly before: Picture;
  readonly after: Picture;
  /** How a new owner finds it, where that differs: nobody works on anything. */
  readonly anew?: { readonly before?: readonly string[]; readonly after?: readonly string[] };
  readonly readable?: false;
}

const NOTHING: Picture = { mails: [], spool: [] };
const only = (...mails: readonly string[]): Picture => ({ mails, spool: [] });
const spooled = (...mails: readonly string[]): Picture => ({ mails, spool: ['A'] });
const fated = (fate: Fate) => [{ ...newMail('A'), fate }];
const small = ({ store }: Life) => store.commit([newMail('A')]);
const large = ({ store }: Life) => store.commit([newMail('A', { content: LARGE })]);
const ofTwo = ({ store }: Life) => store.commit([newMail('A', { to: ['bob@one.example', 'eve@one.example'] })]);
const taken = async (life: Life) => {
  await small(life);
  await life.take();
};
export const done = (index: number) => ({ index, kind: 'done', outcome: deliveredTo('bob') }) as const;
const damaged = (index: number) =>
  ({
    index,
    kind: 'damaged',
    outcome: deferredBy({ code: 451, status: '4.3.0', text: 'Not now' }),
    damage: 'its checksum is wrong',
  }) as const;
const again = (index: number) =>
  ({
    index,
    kind: 'again',
    outcome: deferredBy({ code: 451, status: '4.3.0', text: 'Not now' }),
    nextAttempt: after(1000),
    delayNotified: false,
  }) as const;
const hold = ({ store }: Life) => store.hold('A', order());
const LATE = { owner: 'two', now: after(2 * LEASE_TIME), until: after(3 * LEASE_TIME), limit: 1 };
const WAITS = { before: ['A: waiting'] };
const WAITS_AFTER = { after: ['A: waiting'] };

export const TRANSITIONS: readonly Transition[] = [
  {
    name: '(none) -> waiting: commit',
    prepare: async () => {},
    act: small,
    before: NOTHING,
    after: only('A: waiting'),
  },
  {
    name: '(none) -> waiting: commit, with a spool file',
    prepare: async () => {},
    act: large,
    before: NOTHING,
    after: spooled('A: waiting'),
  },
  {
    name: '(none) -> waiting: commit of several mails that share a content',
    prepare: async () => {},
    act: ({ store }) => store.commit([newMail('A', { content: LARGE }), newMail('B', { content: LARGE })]),
    before: NOTHING,
    after: spooled('A: waiting', 'B: waiting'),
  },
  {
    name: '(none) -> waiting: commit, to be bounced',
    prepare: async () => {},
    act: ({ store }) =>
      store.commit(fated({ kind: 'bounce', reply: { code: 550, status: '5.7.1', text: 'Not this one' } })),
    before: NOTHING,
    after: only('A: waiting'),
  },
  {
    name: '(none) -> leased: commit with a claim',
    prepare: async () => {},
    act: ({ store }) =>
      store.commit([newMail('A', { content: LARGE }), newMail('B')], { owner: 'one', until: after(LEASE_TIME) }),
    before: NOTHING,
    after: spooled('A: leased', 'B: leased'),
    anew: { after: ['A: waiting', 'B: waiting'] },
  },
  {
    name: '(none) -> held: commit, to be held',
    prepare: async () => {},
    act: ({ store }) => store.commit(fated({ kind: 'hold', by: 'filter', reason: 'strange' })),
    before: NOTHING,
    after: only('A: held'),
  },
  {
    name: 'waiting -> leased: lease',
    prepare: large,
    act: life => life.take(),
    before: spooled('A: waiting'),
    after: spooled('A: leased'),
    anew: WAITS_AFTER,
  },
  {
    name: 'waiting -> leased: lease, to be given up',
    prepare: ({ store }) =>
      store.commit([{ ...newMail('A'), places: [{ destination: 'example.test', priority: 0, expires: after(1000) }] }]),
    act: ({ store }) => store.lease({ ...LATE, room: { each: 0, but: new Map() }, expiredBefore: LATE.now }),
    before: only('A: waiting'),
    after: only('A: leased'),
    anew: WAITS_AFTER,
  },
  { name: 'waiting -> held: hold', prepare: small, act: hold, before: only('A: waiting'), after: only('A: held') },
  {
    name: 'waiting -> damaged: lease of a mail that cannot be read',
    prepare: async life => {
      await large(life);
      truncateSync(join(life.directory, 'spool', 'A'), 1000);
    },
    act: life => life.take(0),
    before: spooled('A: waiting'),
    after: spooled('A: damaged'),
    readable: false,
  },
  {
    name: 'leased -> done: settle, and another recipient is not done',
    prepare: async life => {
      await ofTwo(life);
      await life.take();
    },
    act: ({ store, leased }) => store.settle(leased(), [done(0)], [], []),
    before: only('A: leased, leased'),
    after: only('A: done, leased'),
    anew: { before: ['A: waiting, waiting'], after: ['A: done, waiting'] },
  },
  {
    name: 'leased -> damaged: settle, and what was read is not what came',
    prepare: async life => {
      await ofTwo(life);
      await life.take();
    },
    act: ({ store, leased }) => store.settle(leased(), [damaged(0)], [], []),
    before: only('A: leased, leased'),
    after: only('A: damaged, leased'),
    anew: { before: ['A: waiting, waiting'], after: ['A: damaged, held'] },
  },
  {
    name: 'leased -> waiting: settle, to be tried again',
    prepare: taken,
    act: ({ store, leased }) => store.settle(leased(), [again(0)], [], []),
    before: only('A: leased'),
    after: only('A: waiting'),
    anew: WAITS,
  },
  {
    name: 'leased -> waiting: the lease ran out',
    prepare: taken,
    act: ({ store }) => store.lease({ ...LATE, room: { each: 0, but: new Map() } }),
    before: only('A: leased'),
    after: only('A: waiting'),
    anew: WAITS,
  },
  {
    name: 'leased -> waiting: given back',
    prepare: taken,
    act: ({ store }) => store.giveBack('one'),
    before: only('A: leased'),
    after: only('A: waiting'),
    anew: WAITS,
  },
  {
    name: 'leased -> leased: another owner, after the lease ran out',
    prepare: taken,
    act: ({ store }) => store.lease({ ...LATE, room: { each: 1, but: new Map() } }),
    before: only('A: leased'),
    after: only('A: leased'),
    anew: { ...WAITS, ...WAITS_AFTER },
  },
  {
    name: 'leased -> held: settle, to be tried again, while the mail is on hold',
    prepare: async life => {
      await taken(life);
      await hold(life);
    },
    act: ({ store, leased }) => store.settle(leased(), [again(0)], [], []),
    before: only('A: leased'),
    after: only('A: held'),
    anew: { before: ['A: held'] },
  },
  {
    name: 'held -> waiting: release',
    prepare: async life => {
      await small(life);
      await hold(life);
    },
    act: ({ store }) => store.release('A', order()),
    before: only('A: held'),
    after: only('A: waiting'),
  },
  {
    name: 'damaged -> waiting: release of a mail that was mended',
    prepare: async life => {
      await large(life);
      truncateSync(join(life.directory, 'spool', 'A'), 1000);
      await life.take(0);
      writeFileSync(join(life.directory, 'spool', 'A'), await LARGE.bytes());
    },
    act: ({ store }) => store.release('A', order()),
    before: spooled('A: damaged'),
    after: spooled('A: waiting'),
  },
  {
    name: 'leased -> (none): the last recipient is done',
    prepare: async life => {
      await large(life);
      await life.take();
    },
    act: ({ store, leased }) => store.settle(leased(), [done(0)], [], []),
    before: spooled('A: leased'),
    after: NOTHING,
    anew: WAITS,
  },
  {
    name: 'leased -> (none): the last recipient is done, and a notification is owed',
    prepare: taken,
    act: ({ store, leased }) => store.settle(leased(), [done(0)], [], [newMail('N', { content: LARGE })]),
    before: only('A: leased'),
    after: { mails: ['N: waiting'], spool: ['N'] },
    anew: WAITS,
  },
  {
    name: 'waiting -> (none): remove',
    prepare: large,
    act: ({ store }) => store.remove('A', order()),
    before: spooled('A: waiting'),
    after: NOTHING,
  },
];
