/**
 * Finds the shared corpus of third-party mails and tables, which lies beside the project and is never copied into it.
 *
 * Where it is missing the tests that need it are skipped, and each says so; in CI its absence is a failure.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';

const FOLDER = process.env.MAILFRAME_CORPUS ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

/** Whether the corpus is there. */
export const corpusPresent = existsSync(FOLDER);

if (!corpusPresent && process.env.CI === 'true') throw new Error(`the test corpus is missing: ${FOLDER}`);

/** The path of something in the corpus: `corpus('mime', 'haraka')`. */
export function corpus(...path: readonly string[]): string {
  return join(FOLDER, ...path);
}

/** A `describe` that is skipped, with a line on the console that says what is missed, where the corpus is not there. */
export function describeWithCorpus(title: string, body: () => void): void {
  if (!corpusPresent) console.warn(`SKIPPED, no corpus at ${FOLDER}: ${title}`);
  describe.skipIf(!corpusPresent)(title, body);
}
