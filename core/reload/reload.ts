/** What came of a reload. */
import type { Complaint } from '../config/complaint.ts';
import { MailframeError } from '../mail/error.ts';

/** What came of a reload: a new generation, or every reason why the old one goes on. */
export type Reload =
  | {
      readonly kind: 'reloaded';
      /** Counts from 1, the configuration that the gateway was started with. */
      readonly generation: number;
      /** What is different, a sentence each. Empty: the configuration says the same, and its plugins have begun anew. */
      readonly changes: readonly string[];
      readonly warnings: readonly Complaint[];
    }
  | { readonly kind: 'refused'; readonly complaints: readonly Complaint[] };

/** An error that kept a generation from beginning, as a complaint about the file. @throws whatever is no such error */
export function complaintOf(error: unknown, file: string): Complaint {
  if (!(error instanceof MailframeError)) throw error;
  const { code, message, position } = error;
  return { severity: 'error', code, path: [], message, ...(position ?? { file, line: 1, column: 1 }) };
}
