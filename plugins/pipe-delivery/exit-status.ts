/**
 * What the exit code of a program says of the delivery: the codes of sysexits.h, and the enhanced codes that belong to them
 * (RFC 3463).
 *
 * What is no code of sysexits.h is a failure for good, as it is with other mail systems: a program that means "later" has a
 * code to say so. Where the program was ended, or could not be started at all, somebody has to mend that first: the mail waits.
 */
import {
  bouncedBy,
  deferredBy,
  type Ended,
  type EnhancedStatus,
  type Outcome,
  type Refusal,
} from '../../core/index.ts';

interface Meaning {
  readonly text: string;
  readonly status: EnhancedStatus<4> | EnhancedStatus<5>;
}

const MEANINGS: Readonly<Record<number, Meaning>> = {
  64: { text: 'The program was called wrongly', status: '5.3.5' },
  65: { text: 'The program does not take this data', status: '5.6.0' },
  66: { text: 'The program cannot open its input', status: '5.3.0' },
  67: { text: 'No such mailbox', status: '5.1.1' },
  68: { text: 'No such host', status: '5.1.2' },
  69: { text: 'The program does not do its service', status: '5.3.0' },
  70: { text: 'The program has failed', status: '5.3.0' },
  71: { text: 'The system has failed the program, try again later', status: '4.3.0' },
  72: { text: 'The program misses a file of the system', status: '5.3.0' },
  73: { text: 'The program cannot make its output', status: '5.2.0' },
  74: { text: 'Input or output has failed, try again later', status: '4.3.0' },
  75: { text: 'Try again later', status: '4.3.0' },
  76: { text: 'The program was answered wrongly', status: '5.5.0' },
  77: { text: 'Permission denied', status: '5.7.0' },
  78: { text: 'The program is not set up correctly', status: '5.3.5' },
};

/** Commands that a shell could not run end so: the way to the program has to be mended. */
const NOT_RUN: ReadonlySet<number> = new Set([126, 127]);

/** The outcome where the program has not succeeded. */
export function outcomeOfFailure({ code, signal, stdout, stderr }: Ended): Outcome {
  const said = diagnosticOf(stderr === '' ? stdout : stderr);
  if (code === null) return later(`The program was ended by ${signal ?? 'a signal'}, try again later`, said);
  if (NOT_RUN.has(code)) return later('The program could not be run, try again later', said);
  const { text, status } = MEANINGS[code] ?? { text: `The program has failed (${code})`, status: '5.3.0' };
  return isTransient(status) ? later(text, said, status) : bouncedBy({ code: 554, status, text }, null, said);
}

function later(text: string, said: string | null, status: EnhancedStatus<4> = '4.3.0'): Outcome {
  return deferredBy({ code: 451, status, text } satisfies Refusal, null, said);
}

function isTransient(status: EnhancedStatus<4> | EnhancedStatus<5>): status is EnhancedStatus<4> {
  return status.startsWith('4');
}

/** In characters. */
const LONGEST = 500;

/** What it said, as one line without control characters, for the diagnostic and the notification. */
function diagnosticOf(said: string): string | null {
  const line = said.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line === '' ? null : line.slice(0, LONGEST);
}
