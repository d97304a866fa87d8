/** One thread of a replay as the pool sees it: orders go out, results come back, and when it ends it is known what was lost. */
import { Worker } from 'node:worker_threads';
import { MailframeError } from '../mail/error.ts';
import { describeError } from '../mail/failure.ts';
import {
  type FromReplayThread,
  type Order,
  type ReplaySettings,
  type Result,
  SIGN_OF_LIFE,
  type Unready,
} from './protocol.ts';

export interface ThreadEvents {
  result(order: Order, result: Result): void;
  /** It is gone, unasked. `lost`: what it had not answered. */
  gone(cause: string, lost: readonly Order[]): void;
}

/** What gives messages to both configurations, somewhere. */
export interface Replaying {
  readonly unready: readonly Unready[];
  /** How many orders it has not answered. */
  readonly load: number;
  give(order: Order): void;
  /** Ends it, whatever it is at. */
  close(): Promise<void>;
}

export type StartReplaying = (settings: ReplaySettings, events: ThreadEvents) => Promise<Replaying>;

/**
 * A thread that has said nothing for so many looks in a row is blocked: no deadline of a plugin is longer, and none can end what
 * never gives the thread back. Looks, not time: where this thread itself is held up, it does not look.
 */
const MOST_SILENT_LOOKS = 60;

export class ReplayThread implements Replaying {
  readonly unready: readonly Unready[];
  readonly #worker: Worker;
  readonly #underWay = new Map<number, Order>();
  #closing = false;

  private constructor(worker: Worker, unready: readonly Unready[], events: ThreadEvents) {
    this.#worker = worker;
    this.unready = unready;
    let cause = 'its thread has ended';
    let silentLooks = 0;
    const looking = setInterval(() => {
      silentLooks = this.load === 0 ? 0 : silentLooks + 1;
      if (silentLooks < MOST_SILENT_LOOKS) return;
      cause = `it has blocked its thread for ${(MOST_SILENT_LOOKS * SIGN_OF_LIFE) / 1000} s`;
      void worker.terminate();
    }, SIGN_OF_LIFE);
    worker.on('message', (message: FromReplayThread) => {
      silentLooks = 0;
      if (message.kind !== 'result') return;
      const order = this.#underWay.get(message.number);
      this.#underWay.delete(message.number);
      if (order !== undefined) events.result(order, message.result);
    });
    worker.on('error', error => {
      cause = `its thread has crashed: ${describeError(error)}`;
    });
    worker.once('exit', () => {
      clearInterval(looking);
      const lost = [...this.#underWay.values()];
      this.#underWay.clear();
      if (!this.#closing) events.gone(cause, lost);
    });
  }

  /**
   * Starts one; resolves when both configurations are ready.
   * @throws MailframeError where one of them is not in order
   */
  static async start(settings: ReplaySettings, events: ThreadEvents): Promise<ReplayThread> {
    // The compiler rewrites the endings of imports, not of this address: the worker ends as this file does.
    const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const worker = new Worker(new URL(`./replay-worker${ending}`, import.meta.url), {
      name: 'replay',
      workerData: settings,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    const unready = await new Promise<readonly Unready[]>((resolve, reject) => {
      const ended = () => reject(new Error('a thread of the replay has ended before it was ready'));
      worker.once('error', reject);
      worker.once('exit', ended);
      worker.once('message', (first: FromReplayThread) => {
        worker.off('error', reject).off('exit', ended);
        if (first.kind === 'ready') return resolve(first.unready);
        void worker.terminate();
        reject(first.kind === 'refused' ? errorOf(first) : new Error('a thread of the replay spoke out of turn'));
      });
    });
    return new ReplayThread(worker, unready, events);
  }

  get load(): number {
    return this.#underWay.size;
  }

  give(order: Order): void {
    this.#underWay.set(order.number, order);
    this.#worker.postMessage(order, []);
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }
}

function errorOf({ code, message }: Extract<FromReplayThread, { kind: 'refused' }>): Error {
  return code === null ? new Error(message) : new MailframeError(code, message);
}
