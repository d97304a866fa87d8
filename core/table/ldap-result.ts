/** What a directory says when it does not answer (RFC 4511 appendix A), in words: the package has the number alone. */
import { describeError, errnoOf } from '../mail/failure.ts';

export const NO_SUCH_OBJECT = 32;

const WORDS: Readonly<Record<number, string>> = {
  1: 'operations error',
  2: 'protocol error',
  3: 'time limit exceeded',
  4: 'size limit exceeded',
  8: 'stronger authentication required',
  11: 'administrative limit exceeded',
  13: 'confidentiality required: use TLS',
  18: 'inappropriate matching',
  34: 'invalid DN syntax',
  48: 'inappropriate authentication',
  49: 'invalid credentials',
  50: 'insufficient access rights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwilling to perform',
};

/** The result code of an answer; `null` where the error is none. */
export function resultCodeOf(error: unknown): number | null {
  if (!(error instanceof Error) || errnoOf(error) !== null || !('code' in error)) return null;
  return typeof error.code === 'number' ? error.code : null;
}

export function describeResult(error: unknown): string {
  const code = resultCodeOf(error);
  if (code === null) return describeError(error);
  const said = describeError(error)
    .replace(/\s*Code: 0x[0-9a-f]+$/, '')
    .trim();
  return [`the server says ${WORDS[code] ?? 'no'} (${code})`, ...(said === '' ? [] : [said])].join(': ');
}
