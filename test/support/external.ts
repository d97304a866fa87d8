/** Programs that nobody here wrote, as peers in tests: ended with the test, missed loudly. */
import { once } from 'node:events';
import { describe, onTestFinished } from 'vitest';
import { programPath, type Running, start } from './program.ts';

export { type Ended, freePort, programPath, type Running, run, untilListening } from './program.ts';

/** Whether a program is installed. */
export function hasProgram(name: string): boolean {
  return programPath(name) !== null;
}

/** A `describe` that says on the console what is missed where a program is not installed; in CI that is a failure. */
export function describeWithProgram(name: string, title: string, body: () => void): void {
  const missing = !hasProgram(name);
  if (missing && process.env.CI === 'true')
    throw new Error(`${name} is not installed, which the tests of ${title} need`);
  if (missing) console.warn(`SKIPPED, no program ${name}: ${title}`);
  describe.skipIf(missing)(title, body);
}

/** A program that goes on running. */
export interface Launched {
  /** What it has written so far, to both of its outputs. */
  output(): string;
  /** Ends it, and waits for that. */
  stop(): Promise<void>;
}

/** Starts a program that is ended when the running test is over. Call it inside a test. */
export function launch(name: string, args: readonly string[], running: Running = {}): Launched {
  const program = start(name, args, running);
  const { child, output } = program;
  const closed = once(child, 'close');
  child.stdin.end(running.input ?? '');
  const stop = async () => {
    program.end('SIGTERM');
    await closed;
  };
  onTestFinished(stop);
  return { output: () => output('stdout') + output('stderr'), stop };
}
