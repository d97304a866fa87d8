/** Where mail arrives, and the instant at which enough of it has. */

/** Counts what arrives. */
export interface Arrivals {
  /** So far. */
  count(): number;
  /** Calls back whenever the count may have grown. */
  onChange(listener: () => void): void;
  stop(): Promise<void>;
}

/** How long nothing may arrive before it is over, in milliseconds. */
const PATIENCE = 30_000;

/** Resolves with the instant at which so many have arrived. Rejects where none comes for half a minute. */
export function reached(arrivals: Arrivals, wanted: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let last = -1;
    let timer: NodeJS.Timeout | undefined;
    const fail = (because: string) => finish(() => reject(new Error(`${because}: ${last} of ${wanted} have arrived`)));
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      arrivals.onChange(() => undefined);
      settle();
    };
    const aborted = () => fail('ended');
    const look = () => {
      const now = performance.now();
      const count = arrivals.count();
      if (count === last) return;
      last = count;
      clearTimeout(timer);
      timer = setTimeout(fail, PATIENCE, `nothing for ${PATIENCE / 1000} s`);
      if (count >= wanted) finish(() => resolve(now));
    };
    signal.addEventListener('abort', aborted);
    arrivals.onChange(look);
    look();
  });
}
