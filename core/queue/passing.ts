/** A mail on its short way through the queue: what is known of it, when it is over, and what the history says of it then. */
import { historyLine } from './history-line.ts';
import type { ClaimRow, ContentRow, MailRow, SettlementRow } from './sqlite-protocol.ts';

/** A mail that is being delivered and lies in the journal alone. */
export interface Passing {
  readonly mail: MailRow;
  readonly content: ContentRow & { readonly octets: Uint8Array<ArrayBuffer> };
  readonly claim: ClaimRow;
  /** Of its lease. Fences grow with each mail: they order the records, too. */
  readonly fence: number;
}

/** Mail for several destinations is settled in several steps: the tables are made for that. */
export function isForOne({ places }: MailRow): boolean {
  const [first] = places;
  return first !== undefined && places.every(({ destination }) => destination === first.destination);
}

/** Whether these end it: all its recipients, and none of them to be tried again. */
export function isOver({ mail }: Passing, settlements: readonly SettlementRow[]): boolean {
  const done = new Set(settlements.filter(one => one.again === null && one.damage === null).map(one => one.index));
  return settlements.length === done.size && mail.places.every((_, index) => done.has(index));
}

/** What the history says of it. */
export function lastLine(
  { mail, content }: Passing,
  settlements: readonly SettlementRow[],
  stepsJson: string | null,
  leftAt: number,
): string {
  const outcomes = new Map(settlements.map(one => [one.index, one.outcomeJson]));
  const { id, receivedAt, mailJson, traceJson, places } = mail;
  return historyLine({
    id,
    receivedAt,
    leftAt,
    size: content.size,
    mailJson,
    removedJson: null,
    recipients: places.map(({ destination }, position) => ({
      position,
      destination,
      attempts: 1,
      delayNotified: false,
      outcomeJson: outcomes.get(position) ?? null,
    })),
    tracesJson: stepsJson === null ? [traceJson] : [traceJson, stepsJson],
  });
}
