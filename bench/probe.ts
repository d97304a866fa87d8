/**
 * Loaded into a server before its own code, so that a benchmark can ask it about itself. What it measures costs
 * something, so that it measures only while it is asked to.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** In milliseconds. */
const RESOLUTION = 1;
const NANOSECONDS = 1e6;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION });

/** What the parent may ask. `memory`: after garbage is collected. */
export type Question = 'memory' | 'cpu' | 'watch' | 'delay';

/** Memory in octets, CPU in milliseconds since the start, the delay in milliseconds since `watch`. */
export type Answer =
  | { readonly kind: 'memory'; readonly rss: number; readonly heap: number }
  | { readonly kind: 'cpu'; readonly spent: number }
  | { readonly kind: 'watch' }
  | { readonly kind: 'delay'; readonly max: number; readonly p99: number };

function answer(question: Question): Answer {
  switch (question) {
    case 'memory': {
      globalThis.gc?.();
      const { rss, heapUsed } = process.memoryUsage();
      return { kind: 'memory', rss, heap: heapUsed };
    }
    case 'cpu': {
      const { user, system } = process.cpuUsage();
      return { kind: 'cpu', spent: (user + system) / 1000 };
    }
    case 'watch':
      delay.reset();
      delay.enable();
      return { kind: 'watch' };
    case 'delay': {
      delay.disable();
      return {
        kind: 'delay',
        max: delay.max / NANOSECONDS - RESOLUTION,
        p99: delay.percentile(99) / NANOSECONDS - RESOLUTION,
      };
    }
  }
}

process.on('message', (question: Question) => process.send?.(answer(question)));
process.channel?.unref();
