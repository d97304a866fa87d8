/** The queue, with somebody told of all that is put into it, settled and ordered: of content too, as long as it is there. */
import type { QueueControl } from '../plugin/queue-control.ts';
import type { NewMail, QueueStore } from '../plugin/queue-store.ts';
import type { Order } from './reports.ts';

/** Who is told. */
export interface QueueWatch {
  /** Before a mail is in the queue: its content is there for certain. Gives what to do once it is. */
  readonly arriving: (mail: NewMail) => Promise<() => void>;
  readonly settled: (...settled: Parameters<QueueStore['settle']>) => void;
  readonly ordered: (id: string, order: Order) => void;
}

/** Wraps a store that is opened later: mounting a configuration must not touch the queue. */
export class WatchedStore implements QueueStore {
  readonly #watch: QueueWatch;
  #inner: QueueStore | null = null;

  constructor(watch: QueueWatch) {
    this.#watch = watch;
  }

  use(store: QueueStore): void {
    this.#inner = store;
  }

  get #store(): QueueStore {
    if (this.#inner === null) throw new Error('the queue is not open yet');
    return this.#inner;
  }

  async commit(...[mails, claim]: Parameters<QueueStore['commit']>) {
    const tell = await Promise.all(mails.map(mail => this.#watch.arriving(mail)));
    const leases = await this.#store.commit(mails, claim);
    for (const one of tell) one();
    return leases;
  }

  async settle(...[lease, settlements, steps, notifications]: Parameters<QueueStore['settle']>) {
    const tell = await Promise.all(notifications.map(mail => this.#watch.arriving(mail)));
    const result = await this.#store.settle(lease, settlements, steps, notifications);
    if (result === 'settled') {
      this.#watch.settled(lease, settlements, steps, notifications);
      for (const one of tell) one();
    }
    return result;
  }

  retry: QueueControl['retry'] = (id, order) => this.#order(id, 'retry', this.#store.retry(id, order));
  hold: QueueControl['hold'] = (id, order) => this.#order(id, 'hold', this.#store.hold(id, order));
  release: QueueControl['release'] = (id, order) => this.#order(id, 'release', this.#store.release(id, order));
  remove: QueueControl['remove'] = (id, order) => this.#order(id, 'remove', this.#store.remove(id, order));

  async #order<T>(id: string, order: Order, acted: Promise<T | null>): Promise<T | null> {
    const result = await acted;
    if (result !== null) this.#watch.ordered(id, order);
    return result;
  }

  lease: QueueStore['lease'] = request => this.#store.lease(request);
  backOff: QueueStore['backOff'] = (destination, until) => this.#store.backOff(destination, until);
  renew: QueueStore['renew'] = (leases, until) => this.#store.renew(leases, until);
  giveBack: QueueStore['giveBack'] = owner => this.#store.giveBack(owner);
  nextDue: QueueStore['nextDue'] = except => this.#store.nextDue(except);
  list: QueueControl['list'] = page => this.#store.list(page);
  find: QueueControl['find'] = id => this.#store.find(id);
  past: QueueControl['past'] = id => this.#store.past(id);
  bounce: QueueControl['bounce'] = (id, reply, order) => this.#store.bounce(id, reply, order);
  flush: QueueControl['flush'] = which => this.#store.flush(which);
  suspend: QueueControl['suspend'] = (destination, order) => this.#store.suspend(destination, order);
  resume: QueueControl['resume'] = destination => this.#store.resume(destination);
  suspensions: QueueControl['suspensions'] = () => this.#store.suspensions();
  statistics: QueueControl['statistics'] = question => this.#store.statistics(question);

  async close(): Promise<void> {
    await this.#inner?.close();
  }
}
