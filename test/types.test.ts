/** The type proofs: the compiler accepts `types/must-compile.ts` and finds an error wherever `must-not-compile.ts` expects one. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

test('what the contract forbids does not compile, and what it allows does', async () => {
  const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));
  const run = promisify(execFile)(process.execPath, [compiler, '--noEmit', '-p', 'test/types/tsconfig.json'], {
    cwd: root,
  });
  const errors = await run.then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(errors).toBe('');
}, 120_000);
