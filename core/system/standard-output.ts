/** The standard output of this process, for lines of the log: in batches, the last of which leaves when the process ends. */
import { BatchedLines } from './batched-lines.ts';

export const standardOutput = new BatchedLines(process.stdout);

// Also after an exception that nobody caught: what led to it is what an operator looks for.
process.on('exit', () => standardOutput.flush());
