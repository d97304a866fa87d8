/** Complaints: what is wrong with a configuration, where, and what to do. All are collected; none hides another. */
import { type ErrorCode, MailframeError, type Position, pageOf } from '../mail/error.ts';
import { type ConfigDocument, dotted, isBroken, type Path, positionAt } from './place.ts';

export interface Complaint extends Position {
  /** `warning`: the gateway can run like this, but somebody should look at it. */
  readonly severity: 'error' | 'warning';
  readonly code: ErrorCode;
  readonly path: Path;
  readonly message: string;
  /** Where it is explained, if not where its code is. */
  readonly page?: string;
}

/** Where to read more. */
export function pageFor({ code, page }: Pick<Complaint, 'code' | 'page'>): string {
  return page ?? pageOf(code);
}

/** One line, as compilers write it: `file:line:column: path: message`. */
export function formatComplaint(complaint: Complaint): string {
  const { file, line, column, severity, path, message } = complaint;
  const about = path.length === 0 ? '' : `${dotted(path)}: `;
  return `${file}:${line}:${column}: ${severity === 'warning' ? 'warning: ' : ''}${about}${message}`;
}

/** Whether a gateway can run in spite of the complaints. */
export function areHarmless(complaints: readonly Complaint[]): boolean {
  return complaints.every(({ severity }) => severity === 'warning');
}

/** The complaints as the one error that ends a boot. There must be one that is no warning. */
export function bootError(complaints: readonly Complaint[]): MailframeError {
  const errors = complaints.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first === undefined) throw new RangeError('nothing keeps this gateway from starting');
  const { file, line, column } = first;
  return new MailframeError(first.code, errors.map(formatComplaint).join('\n'), { position: { file, line, column } });
}

/** Collects the complaints about one document. What is marked as broken there is not complained about again. */
export class Complaints {
  readonly #document: ConfigDocument;
  readonly #made: Complaint[];

  constructor(document: ConfigDocument, made: readonly Complaint[] = []) {
    this.#document = document;
    this.#made = [...made];
  }

  error(code: ErrorCode, path: Path, message: string, at: 'key' | 'value' = 'value'): void {
    this.#add({ severity: 'error', code, path, message, ...positionAt(this.#document.place, path, at) });
  }

  warning(code: ErrorCode, path: Path, message: string, at: 'key' | 'value' = 'value'): void {
    this.#add({ severity: 'warning', code, path, message, ...positionAt(this.#document.place, path, at) });
  }

  /** What was found out beyond the text. `place`: where it stands, if not in the configuration. */
  found(finding: Omit<Complaint, keyof Position> & { readonly at?: 'key' | 'value'; readonly place?: Position }): void {
    const { at = 'value', place, ...complaint } = finding;
    this.#add({ ...complaint, ...(place ?? positionAt(this.#document.place, finding.path, at)) });
  }

  /** All of them, in the order of the text, file by file. */
  list(): readonly Complaint[] {
    const files = [this.#document.place.value.file, ...this.#made.map(({ file }) => file)];
    return [...this.#made].sort(
      (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }

  #add(complaint: Complaint): void {
    if (!isBroken(this.#document.place, complaint.path)) this.#made.push(complaint);
  }
}
