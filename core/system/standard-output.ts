/** The standard output of this process, for lines of the log: in batches, the last of which leaves when the process ends. */
import { BatchedLines } from './batched-lines.ts';
import { FileOutput, isFile } from './file-output.ts';

const OUTPUT = 1;

export const standardOutput = new BatchedLines(isFile(OUTPUT) ? new FileOutput(OUTPUT) : process.stdout);

// Also after an exception that nobody caught: what led to it is what an operator looks for.
process.on('exit', () => standardOutput.flush());

/** From now on, whoever reads standard output may go: the lines are lost, and the process goes on. */
export function outliveReaders(): void {
  process.stdout.removeAllListeners('error').on('error', () => undefined);
}
