/** The queue in memory in figures. */
import { RECIPIENT_STATES, type RecipientState, type Suspension } from '../plugin/queue-control.ts';
import type { DestinationStatistics, Load, QueueStatistics } from '../plugin/queue-statistics.ts';
import type { Entry, Seat } from './memory-entry.ts';

/** What is asked, and what is known of destinations. */
export interface Question {
  readonly now: Date;
  readonly top: number;
  readonly standing: (destination: string) => {
    readonly notBefore: number;
    readonly suspended: Suspension | null;
  };
}

interface Placed {
  readonly seat: Seat;
  readonly entry: Entry;
}

export function statisticsOf(entries: readonly Entry[], question: Question): QueueStatistics {
  const all = entries.flatMap(entry => entry.seats.map(seat => ({ seat, entry })));
  const open = Map.groupBy(
    all.filter(({ seat }) => seat.state !== 'done'),
    ({ seat }) => seat.destination,
  );
  const largest = [...open].sort(([, one], [, other]) => other.length - one.length).slice(0, question.top);
  return {
    mails: entries.length,
    oldest: oldestOf(entries),
    states: Object.fromEntries(
      RECIPIENT_STATES.map(state => [state, loadOf(all.filter(({ seat }) => seat.state === state))]),
    ) as Record<RecipientState, Load>,
    destinations: open.size,
    top: largest.map(([destination, placed]) => figures(destination, placed, question)),
  };
}

function figures(destination: string, placed: readonly Placed[], { now, standing }: Question): DestinationStatistics {
  const { notBefore, suspended } = standing(destination);
  const count = (state: RecipientState) => placed.filter(({ seat }) => seat.state === state).length;
  const dues = placed.filter(({ seat }) => seat.state === 'waiting').map(({ seat }) => seat.due);
  return {
    destination,
    ...loadOf(placed),
    waiting: count('waiting'),
    due: dues.filter(due => due <= now.getTime()).length,
    leased: count('leased'),
    held: count('held'),
    damaged: count('damaged'),
    oldest: oldestOf(placed.map(({ entry }) => entry)) ?? now,
    nextAttempt: dues.length === 0 ? null : new Date(Math.min(...dues)),
    notBefore: notBefore > now.getTime() ? new Date(notBefore) : null,
    suspended,
  };
}

function loadOf(placed: readonly Placed[]): Load {
  return {
    recipients: placed.length,
    octets: placed.reduce((sum, { entry }) => sum + entry.mail.content.size, 0),
  };
}

function oldestOf(entries: readonly Entry[]): Date | null {
  const times = entries.map(({ mail }) => mail.receivedAt.getTime());
  return times.length === 0 ? null : new Date(Math.min(...times));
}
