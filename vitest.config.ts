/** How the tests run: every `*.test.ts` below `test/` and `examples/`, with the two front doors aliased to the sources. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^mailframe\/testing$/, replacement: source('./core/testing.ts') },
      { find: /^mailframe$/, replacement: source('./core/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // A thread that begins may crash while V8 (Node 24.21) frees WebAssembly code, by which Node takes the types out of sources.
    execArgv: ['--no-wasm-code-gc'],
    typecheck: { enabled: false },
    // Much of a test is waiting for a peer or a disk: where vitest would run one file at a time, two take half as long.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
