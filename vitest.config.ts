/** How the tests run: every `*.test.ts` below `test/` and `examples/`, with the two front doors aliased to the sources. */
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
    typecheck: { enabled: false },
  },
});
