/**
 * Groups of recipients at `data` and `queue`: those that the same plugins see, with the same content, facts and fate.
 *
 * A transaction begins as one group. A `when:` on recipients splits it where it holds for some and not for others; groups
 * that end alike are put together again. All groups commit as one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import type { Mail } from '../mail/mail.ts';
import type { TraceStep } from '../mail/trace.ts';
import type { ContentGroup } from './decision.ts';

/** What is decided of a group so far. */
export type GroupFate = ContentGroup['fate'];

export interface Group {
  readonly recipients: readonly Recipient[];
  readonly content: Content;
  readonly facts: Facts;
  readonly fate: GroupFate;
  readonly steps: readonly TraceStep[];
}

/** Whether plugins are still asked about a group. A held mail goes on: a later refusal wins. */
export function isOpen(group: Group): boolean {
  return group.fate.kind === 'deliver' || group.fate.kind === 'hold';
}

/** The mail as the plugins of a group see it. */
export function mailOf(group: Group, mail: Mail): Mail {
  const envelope = { ...mail.envelope, recipients: group.recipients };
  return { ...mail, envelope, content: group.content, facts: group.facts };
}

/** Puts groups together that differ in their recipients and in nothing else. */
export function merge(groups: readonly Group[]): readonly Group[] {
  const merged: Group[] = [];
  for (const group of groups) {
    const index = merged.findIndex(other => alike(other, group));
    const other = merged[index];
    if (other === undefined) merged.push(group);
    else {
      const steps = [...other.steps, ...group.steps.filter(step => !other.steps.includes(step))];
      merged[index] = { ...other, recipients: [...other.recipients, ...group.recipients], steps };
    }
  }
  return merged;
}

function alike(a: Group, b: Group): boolean {
  return a.content === b.content && isDeepStrictEqual(a.fate, b.fate) && isDeepStrictEqual(a.facts, b.facts);
}
