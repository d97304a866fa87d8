/** Waits for what real sockets, files and processes do, without guessing how long it takes. */
import { vi } from 'vitest';

/** Tries until the expectation holds, and fails with its last failure after twenty seconds. */
export function until<T>(expectation: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(expectation, { timeout: 20_000, interval: 20 });
}
