/** Programs that do as the test says: nothing of the machine is run. */
import type { Command, Ended, Processes } from '../plugin/ports.ts';

/** What a program does with its input. Missing parts: exit code 0, and nothing is said. */
export type FakeProgram = (command: Command, input: Buffer) => Partial<Ended> | Promise<Partial<Ended>>;

/** Programs that remember what was run. */
export interface FakeProcesses extends Processes {
  /** In the order of running. */
  readonly runs: readonly { readonly command: Command; readonly input: Buffer }[];
}

/**
 * Makes them. A program that is not named fails with ENOENT.
 * @example fakeProcesses({ '/usr/bin/filter': () => ({ code: 75, stderr: 'later' }) })
 */
export function fakeProcesses(programs: Readonly<Record<string, FakeProgram>> = {}): FakeProcesses {
  const runs: { command: Command; input: Buffer }[] = [];
  return {
    runs,
    async run(command, input, signal) {
      signal.throwIfAborted();
      const program = programs[command.program];
      if (program === undefined) {
        throw Object.assign(new Error(`spawn ${command.program} ENOENT`), { code: 'ENOENT' });
      }
      const pieces: Buffer[] = [];
      for await (const piece of input) pieces.push(piece);
      const whole = Buffer.concat(pieces);
      runs.push({ command, input: whole });
      return { code: 0, signal: null, stdout: '', stderr: '', ...(await program(command, whole)) };
    },
  };
}
