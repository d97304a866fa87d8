/** What all verbs share: the default file, and how a refusal reaches the terminal. */
import { MailframeError } from '../mail/error.ts';

/** The configuration where no file is named. */
export const DEFAULT_FILE = 'mailframe.config.yaml';

/** Prints why a verb cannot do what was asked, and sets the exit code. An error that nobody foresaw keeps its stack. */
export function refuse(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof MailframeError) process.stderr.write(`${error.message}\n(${error.code}: see ${error.page})\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
