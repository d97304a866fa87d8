/** How a mail leaves the database: its rows are deleted, and what they knew becomes a line of the history. */
import type { DatabaseSync } from 'node:sqlite';
import type { HistoryFolder } from './history-folder.ts';
import { historyLine, type PastRecipient } from './history-line.ts';
import type { SettlementRow } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';

/** Why a mail leaves, and what is known of it beyond the database. */
export interface Departure {
  /** The last settlements: they need not be written down any more. */
  readonly settlements: readonly SettlementRow[];
  readonly stepsJson: string | null;
  /** Who removed it, or `null`. */
  readonly removedJson: string | null;
}

/** A row of `mail`. */
interface Leaving {
  readonly content: number;
  readonly id: string;
  readonly received: number;
  readonly record: string;
  readonly trace: string;
}

interface Seat {
  readonly position: number;
  readonly destination: string;
  readonly attempts: number;
  readonly delay_notified: number;
  readonly size: number;
  readonly outcome: string | null;
}

/** The rows of a mail that are gone. */
export interface Gone {
  readonly content: number | null;
  /** The line of the history, where there is one. */
  readonly line: string | null;
}

export class Departures {
  readonly #history: HistoryFolder | null;
  readonly #recipients: Query<Seat>;
  readonly #steps: Query<{ number: number; steps: string }>;
  readonly #mail: Query<Leaving>;

  /** `history`: `null` where none is kept. */
  constructor(database: DatabaseSync, history: HistoryFolder | null) {
    this.#history = history;
    // What is deleted is read in the same pass: this happens to every mail.
    this.#recipients = query(
      database,
      `DELETE FROM recipient WHERE mail = ?
       RETURNING position, destination, attempts, delay_notified, size, outcome`,
    );
    this.#steps = query(database, 'DELETE FROM step WHERE mail = ? RETURNING number, steps');
    this.#mail = query(database, 'DELETE FROM mail WHERE key = ? RETURNING content, id, received, record, trace');
  }

  /** Deletes what belongs to a mail but its content. */
  take(key: number, departure: Departure): Gone {
    const seats = this.#recipients.all(key);
    const steps = this.#steps.all(key);
    const mail = this.#mail.get(key);
    if (mail === undefined) return { content: null, line: null };
    const history = this.#history;
    if (history?.isKept !== true) return { content: mail.content, line: null };
    return { content: mail.content, line: lineOf({ mail, seats, steps }, departure, history.now()) };
  }
}

interface Rows {
  readonly mail: Leaving;
  readonly seats: readonly Seat[];
  readonly steps: readonly { readonly number: number; readonly steps: string }[];
}

function lineOf({ mail, seats, steps }: Rows, departure: Departure, leftAt: number): string {
  const { settlements, stepsJson, removedJson } = departure;
  const last = new Map(settlements.map(one => [one.index, one.outcomeJson]));
  const added = steps.toSorted((one, other) => one.number - other.number).map(row => row.steps);
  const traces = [mail.trace, ...added, ...(stepsJson === null ? [] : [stepsJson])];
  return historyLine({
    id: mail.id,
    receivedAt: mail.received,
    leftAt,
    size: seats[0]?.size ?? 0,
    // What is removed may be damaged; what was delivered has been read.
    mailJson: removedJson === null ? mail.record : sound(mail.record),
    removedJson,
    recipients: seats
      .toSorted((one, other) => one.position - other.position)
      .map(seat => pastRecipient(seat, last.get(seat.position))),
    tracesJson: removedJson === null ? traces : traces.map(sound),
  });
}

function pastRecipient(seat: Seat, lastJson: string | undefined): PastRecipient {
  const { position, destination, attempts, outcome } = seat;
  return {
    position,
    destination,
    attempts: lastJson === undefined ? attempts : attempts + 1,
    delayNotified: seat.delay_notified === 1,
    outcomeJson: lastJson ?? outcome,
  };
}

/** JSON on one line, whatever was there. */
function sound(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return JSON.stringify(json);
  }
}
