/** `mailframe queue stats`: the queue in figures. */
import { RECIPIENT_STATES, type RecipientState, type Suspension } from '../../plugin/queue-control.ts';
import type { DestinationStatistics, QueueStatistics } from '../../plugin/queue-statistics.ts';
import { type Column, Table } from '../table.ts';
import { suspensionInWords } from './destinations.ts';
import { counted, numberInWords, octetsInWords, spanInWords, untilInWords } from './words.ts';

const MEANING: Readonly<Record<RecipientState, string>> = {
  waiting: 'for their next attempt',
  leased: 'an attempt is being made',
  held: 'until somebody releases them',
  damaged: 'their mail cannot be read and was set aside',
  done: 'but others of the same mail are not',
};

const STATES: readonly Column[] = [
  { title: 'STATE', align: 'left', most: 10 },
  { title: 'RECIPIENTS', align: 'right', most: 14 },
  { title: 'SIZE', align: 'right', most: 10 },
  { title: '', align: 'left', most: Infinity },
];

const NUMBER = { align: 'right', most: 12 } as const;
const DESTINATIONS: readonly Column[] = [
  { title: 'DESTINATION', align: 'left', most: 40 },
  { title: 'WAITING', ...NUMBER },
  { title: 'DUE', ...NUMBER },
  { title: 'LEASED', ...NUMBER },
  { title: 'HELD', ...NUMBER },
  { title: 'SIZE', ...NUMBER },
  { title: 'OLDEST', ...NUMBER },
  { title: 'NEXT', align: 'left', most: 10 },
  { title: 'KEPT BACK', align: 'left', most: Infinity },
];

export interface Figures {
  readonly statistics: QueueStatistics;
  readonly suspensions: readonly Suspension[];
}

export function statsInWords({ statistics, suspensions }: Figures, now: Date, width: number): string {
  const { mails, oldest, states, destinations, top } = statistics;
  if (oldest === null) return `The queue is empty.\n${alone(suspensions, top)}`;
  const age = spanInWords(now.getTime() - oldest.getTime());
  const used = RECIPIENT_STATES.filter(state => states[state].recipients > 0);
  const title =
    destinations > top.length ? `The ${top.length} largest of ${numberInWords(destinations)} destinations:` : '';
  return [
    `${counted(mails, 'mail')} in the queue, the oldest for ${age}.\n`,
    new Table(STATES, width).lines(
      used.map(state => {
        const { recipients, octets } = states[state];
        return [state, numberInWords(recipients), octetsInWords(octets), MEANING[state]];
      }),
    ),
    title === '' ? '\n' : `\n${title}\n`,
    top.length === 0 ? '' : new Table(DESTINATIONS, width).lines(top.map(one => rowOf(one, now))),
    alone(suspensions, top),
  ].join('');
}

export function statsInJson({ statistics, suspensions }: Figures): object {
  return { ...statistics, suspensions };
}

function rowOf(one: DestinationStatistics, now: Date): readonly string[] {
  const { destination, waiting, due, leased, held, octets, oldest, nextAttempt, notBefore } = one;
  return [
    destination,
    ...[waiting, due, leased, held].map(numberInWords),
    octetsInWords(octets),
    spanInWords(now.getTime() - oldest.getTime()),
    nextAttempt === null || one.suspended !== null ? '' : untilInWords(later(nextAttempt, notBefore), now),
    keptBack(one, now),
  ];
}

function later(one: Date, other: Date | null): Date {
  return other !== null && other > one ? other : one;
}

function keptBack({ destination, suspended, notBefore }: DestinationStatistics, now: Date): string {
  if (suspended !== null) {
    const { destination: name, by, reason } = suspended;
    return `suspended${name === destination ? '' : ` with ${name}`} by ${by}${reason === '' ? '' : `: ${reason}`}`;
  }
  return notBefore === null ? '' : `did not answer: left alone, tried ${untilInWords(notBefore, now)}`;
}

/** Suspensions that no line above tells of. */
function alone(suspensions: readonly Suspension[], top: readonly DestinationStatistics[]): string {
  const told = new Set(top.map(({ suspended }) => suspended?.destination));
  const others = suspensions.filter(({ destination }) => !told.has(destination));
  return others.length === 0 ? '' : `\n${others.map(one => `${suspensionInWords(one)}\n`).join('')}`;
}
