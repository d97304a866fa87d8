/** Reads what strace wrote: calls in the order in which they ended, writes in the order in which they began. */

/** One call: `fsync`, `3</tmp/x>)`. */
export interface SystemCall {
  readonly name: string;
  /** From the opening bracket on. */
  readonly text: string;
  readonly ok: boolean;
}

const BEGUN = /^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>(.*?)\) += (-?\d+)/;
const WHOLE = /^(\d+) +(\w+)\((.*\)) += (-?\d+)/;

/** A reply that is being written may be heard before the call ends: writes to sockets count from their beginning. */
const COUNTS_FROM_ITS_BEGINNING = /^writev?$/;

/** All calls of a trace that `strace -f -o` wrote. */
export function systemCalls(trace: string): readonly SystemCall[] {
  const calls: SystemCall[] = [];
  const begun = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, thread = '', name = '', text = ''] = BEGUN.exec(line) ?? [];
    if (name !== '') {
      begun.set(thread, text);
      if (COUNTS_FROM_ITS_BEGINNING.test(name)) calls.push({ name, text, ok: true });
      continue;
    }
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      const [, thread = '', name = '', rest = '', result = ''] = resumed;
      const text = `${begun.get(thread) ?? ''}${rest})`;
      if (!COUNTS_FROM_ITS_BEGINNING.test(name)) calls.push({ name, text, ok: Number(result) >= 0 });
      continue;
    }
    const whole = WHOLE.exec(line);
    if (whole !== null) calls.push({ name: whole[2] ?? '', text: whole[3] ?? '', ok: Number(whole[4]) >= 0 });
  }
  return calls;
}
