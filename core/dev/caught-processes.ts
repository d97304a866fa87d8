/** Programs that would deliver: none is run, and what each would have been given is kept. */
import type { Command, Processes } from '../plugin/ports.ts';

/** What a program would have been given. */
export interface CaughtRun {
  readonly command: Command;
  readonly input: Buffer;
}

/** Makes them. Every program ends well. */
export function caughtProcesses(caught: (run: CaughtRun) => Promise<void>): Processes {
  return {
    async run(command, input, signal) {
      const pieces: Buffer[] = [];
      for await (const piece of input) {
        signal.throwIfAborted();
        pieces.push(piece);
      }
      await caught({ command, input: Buffer.concat(pieces) });
      return { code: 0, signal: null, stdout: '', stderr: '' };
    },
  };
}
