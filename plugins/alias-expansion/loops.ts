/**
 * Loops in a table of aliases, found before any mail meets them.
 *
 * Linear in the size of the table, and in turns with other work. An alias that names itself is no loop: it means the mailbox
 * of that name. What extensions, lists and other tables add is found when mail meets it.
 */
import { type Alias, formatStep, type Target } from './alias.ts';
import type { AliasTable } from './alias-table.ts';
import { InTurns } from './in-turns.ts';

/** An alias in one domain. */
interface Node {
  readonly alias: Alias;
  readonly domain: string;
}

/** A node on the way that is being looked at. */
interface Visit {
  readonly node: Node;
  /** What it leads to and was not looked at yet. */
  readonly below: Iterator<Node>;
}

/** Every loop, as the steps that close it: `a (aliases:1) -> b (aliases:2) -> a (aliases:1)`. */
export async function findLoops(table: AliasTable): Promise<readonly string[]> {
  const loops = new Set<string>();
  const seen = new Map<Alias, Map<string, 'on the way' | 'done'>>();
  const turns = new InTurns();
  for (const root of roots(table)) {
    const way: Visit[] = [];
    const enter = (node: Node) => {
      const states = seen.get(node.alias) ?? new Map<string, 'on the way' | 'done'>();
      const state = states.get(node.domain);
      if (state === 'on the way') loops.add(loopOf(way, node));
      if (state !== undefined) return;
      seen.set(node.alias, states.set(node.domain, 'on the way'));
      way.push({ node, below: below(table, node) });
    };
    enter(root);
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      if (turns.isOver()) await turns.next();
      const next = top.below.next();
      if (next.done !== true) enter(next.value);
      else {
        seen.get(top.node.alias)?.set(top.node.domain, 'done');
        way.pop();
      }
    }
  }
  return [...loops];
}

/** The part of the way that comes back to the node. */
function loopOf(way: readonly Visit[], back: Node): string {
  const nodes = way.map(visit => visit.node);
  const start = nodes.findIndex(({ alias, domain }) => alias === back.alias && domain === back.domain);
  return [...nodes.slice(start), back].map(({ alias }) => formatStep(alias)).join(' -> ');
}

function* roots(table: AliasTable): Generator<Node> {
  for (const alias of table.aliases) {
    if (alias.key.kind !== 'name') yield { alias, domain: alias.key.domain };
    else for (const domain of table.rules.domains) yield { alias, domain };
  }
}

function* below(table: AliasTable, { alias, domain }: Node): Generator<Node> {
  for (const target of alias.targets) {
    const address = addressOf(target, alias);
    if (address === null) continue;
    const mailbox = { localPart: address.localPart, domain: address.domain ?? domain };
    const found = table.find(mailbox);
    if (found !== null && found !== alias) yield { alias: found, domain: mailbox.domain };
  }
}

/** Who is looked up next. Of a catch-all that leads to a domain nobody knows before there is a recipient. */
function addressOf(target: Target, { key }: Alias) {
  if (target.kind === 'address') return target.address;
  if (target.kind !== 'domain' || key.kind === 'catch-all') return null;
  return { localPart: key.localPart, domain: target.domain };
}
