/** A mail in words, as far as conditions look at it. */
import type { Condition } from '../mail/condition.ts';
import { simpleConditions } from '../mail/condition.ts';
import { formatPath } from '../mail/path.ts';
import { formatSize } from '../mail/quantity.ts';
import type { Demand } from './implication.ts';
import type { World } from './model.ts';

/** Two thousand routes may look at two thousand fields: nobody reads of all of them. */
const MOST_DETAILS = 6;

/** `mail to <someone@elsewhere.example> by the listener inbound, without TLS`. */
export function worldText(world: World, demands: readonly Demand[]): string {
  const looked = new Set(demands.flatMap(demand => demand.flatMap(kindsIn)));
  const { session, reversePath, recipient, size, facts } = world;
  const words = [`mail to ${formatPath(recipient.forwardPath)}`];
  if (looked.has('sender')) words.push(`from ${formatPath(reversePath)}`);
  if (looked.has('client')) words.push(`from the client ${session.client.address}`);
  if (looked.has('listener')) {
    words.push(
      reversePath === null && session.listener === 'mailframe'
        ? 'of the gateway itself'
        : `by the listener ${session.listener}`,
    );
  }
  const details: string[] = [];
  if (looked.has('tls')) details.push(session.tls === null ? 'without TLS' : 'with TLS');
  if (looked.has('authenticated')) details.push(session.user === null ? 'not authenticated' : 'authenticated');
  if (looked.has('size')) details.push(`of ${formatSize(size)}`);
  for (const demand of demands.flat()) {
    if (demand.kind === 'map') continue;
    for (const part of simpleConditions(demand)) details.push(...detail(part, world, facts));
  }
  return [words.join(' '), ...[...new Set(details)].slice(0, MOST_DETAILS)].join(', ');
}

function detail(part: Condition, { header }: World, facts: World['facts']): readonly string[] {
  if (part.kind === 'header') {
    const values = header(part.field.toLowerCase());
    return [values.length === 0 ? `without ${part.field}` : `with ${part.field}: ${values.join(', ')}`];
  }
  if (part.kind !== 'fact') return [];
  const value = facts[part.name];
  return [value === undefined ? `of which nobody has stated ${part.name}` : `with ${part.name}: ${String(value)}`];
}

function kindsIn(test: Demand[number]): readonly string[] {
  return test.kind === 'map' ? [test.map.by] : simpleConditions(test).map(({ kind }) => kind);
}
