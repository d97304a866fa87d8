/**
 * Which lines of a log are about a mail, a session, an address.
 *
 * A mail has a life before its queue id and after its end: the session that brought it, and the notifications that were written
 * about it. Lines of a session come before the line that names the mail, so they are held back for a while and come when it is
 * known whose they are. Memory is bounded: of sessions that are too old or too many, lines are lost.
 */
import type { ReadLine } from './line.ts';

/** What is looked for: all that is given must hold. */
export interface LogFilter {
  /** A queue id or the id of a session. */
  readonly id: string | null;
  /** Lines that name this address. */
  readonly address: string | null;
  readonly events: ReadonlySet<string> | null;
  /** The lowest level. */
  readonly level: LogLevelName | null;
}

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevelName = (typeof LEVELS)[number];

const MOST_HELD = 20_000;
/** Of one session. */
const MOST_OF_SESSION = 1000;
/** Events of a mail that make another mail: the field that names it. */
const BORN: Readonly<Record<string, string>> = { notified: 'notification' };
/** What names addresses. */
const ADDRESSES = ['from', 'recipient', 'recipients', 'to', 'user', 'sender', 'told'] as const;

export class LogSieve {
  readonly #filter: LogFilter;
  /** The mails that are meant: the one that was named, and those that came of it. */
  readonly #mails = new Set<string>();
  readonly #sessions = new Set<string>();
  readonly #held = new Map<string, ReadLine[]>();
  #heldLines = 0;
  #seen = false;

  constructor(filter: LogFilter) {
    this.#filter = filter;
    if (filter.id !== null) this.#mails.add(filter.id);
  }

  /** Whether a line about the id has come by. */
  get hasSeen(): boolean {
    return this.#seen;
  }

  /** The mails that are meant, those born of it included. */
  get mails(): ReadonlySet<string> {
    return this.#mails;
  }

  /** What is to be shown now: the line, or older ones that turn out to be meant, or nothing. */
  take(line: ReadLine): readonly ReadLine[] {
    const lines = this.#filter.id === null ? [line] : this.#related(line, this.#filter.id);
    return lines.filter(one => this.#passes(one));
  }

  #related(line: ReadLine, id: string): readonly ReadLine[] {
    const queueId = text(line.fields.queueId);
    const session = text(line.fields.session);
    if (session === id) {
      this.#seen = true;
      return [line];
    }
    if (queueId !== null && this.#isMeant(queueId)) {
      this.#seen = true;
      this.#mails.add(queueId);
      const born = text(line.fields[BORN[line.event] ?? '']);
      if (born !== null) this.#mails.add(born);
      if (session === null || this.#sessions.has(session)) return [line];
      this.#sessions.add(session);
      return [...this.#release(session), line];
    }
    // A notification names the mail that it is about.
    const about = text(line.fields.about);
    if (queueId !== null && about !== null && this.#isMeant(about)) {
      this.#mails.add(queueId);
      return [line];
    }
    if (queueId !== null || session === null) return [];
    if (this.#sessions.has(session)) return [line];
    this.#hold(session, line);
    return [];
  }

  /** Also the parts of a transaction that became several mails. */
  #isMeant(queueId: string): boolean {
    return this.#mails.has(queueId) || this.#mails.has(queueId.replace(/\.\d+$/, ''));
  }

  #hold(session: string, line: ReadLine): void {
    const lines = this.#held.get(session) ?? [];
    if (lines.length >= MOST_OF_SESSION) return;
    lines.push(line);
    this.#held.set(session, lines);
    this.#heldLines += 1;
    while (this.#heldLines > MOST_HELD) {
      const [oldest] = this.#held.keys();
      if (oldest === undefined) return;
      this.#release(oldest);
    }
  }

  #release(session: string): readonly ReadLine[] {
    const lines = this.#held.get(session) ?? [];
    this.#held.delete(session);
    this.#heldLines -= lines.length;
    return lines;
  }

  #passes({ level, event, fields }: ReadLine): boolean {
    const { events, level: lowest, address } = this.#filter;
    if (events !== null && !events.has(event)) return false;
    if (lowest !== null && LEVELS.indexOf(level as LogLevelName) < LEVELS.indexOf(lowest)) return false;
    return address === null || ADDRESSES.some(name => names(fields[name], address.toLowerCase()));
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function names(value: unknown, address: string): boolean {
  if (Array.isArray(value)) return value.some(one => names(one, address));
  return typeof value === 'string' && value.replace(/^<(.*)>$/, '$1').toLowerCase() === address;
}
