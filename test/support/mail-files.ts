/** The mails of the corpus as files: each with a name to call it by, and its octets as they are stored. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { corpus } from './corpus.ts';

/** A mail, or what else lies there: every file is fed, because any octets may arrive. */
export interface MailFile {
  /** The path in the corpus: `mime/haraka/mail_specimen/varied-fold-lengths-preserve-data.txt`. */
  readonly name: string;
  readonly octets: () => Buffer;
}

/** Every file below a folder of the corpus, sorted. */
export function mailFiles(...folder: readonly string[]): readonly MailFile[] {
  return readdirSync(corpus(...folder), { recursive: true, encoding: 'utf8' })
    .toSorted()
    .filter(path => statSync(corpus(...folder, path)).isFile())
    .map(path => ({ name: [...folder, path].join('/'), octets: () => readFileSync(corpus(...folder, path)) }));
}
