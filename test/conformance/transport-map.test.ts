/** Postfix's transport maps: the same entries as a map of a route send every address to the same place. */
import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { parseMailbox, type RouteChoice } from '../../core/index.ts';
import { findInMap } from '../../core/mail/route-map.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { compared, tally } from '../support/tally.ts';

interface Table {
  readonly title: string;
  readonly map: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly address: string;
    readonly expect: { readonly channel: string; readonly nexthop: string } | null;
  }[];
}

const tables = () =>
  JSON.parse(
    readFileSync(corpus('alias-route', 'postfix', 'trivial-rewrite', 'transport.json'), 'utf8'),
  ) as readonly Table[];

/** A domain is written with `@` here; what the value leaves out is the default, which a route has too. */
function asRoute([key, value]: readonly [string, string]): readonly [string, RouteChoice] {
  const [channel = '', nexthop = ''] = value.split(':');
  const where = nexthop === '' ? {} : { exchangersOf: nexthop };
  const pattern = key === '*' || key.includes('@') ? key : `@${key}`;
  return [pattern, { transport: channel === '' ? 'DEFAULT' : channel, hosts: null, ...where }];
}

function decided({ map }: Table, address: string) {
  const mailbox = parseMailbox(address);
  if (mailbox === null) throw new Error(`no mailbox: ${address}`);
  const found = findInMap({ by: 'recipient', entries: new Map(Object.entries(map).map(asRoute)) }, mailbox);
  if (found === null) return null;
  return { channel: found.choice.transport, nexthop: found.choice.exchangersOf ?? mailbox.domain };
}

describeWithCorpus("Postfix's transport maps", () => {
  test('lead where ours do', () => {
    const verdicts = tables().flatMap(table =>
      table.cases.map(one => compared(`${table.title}: ${one.address}`, decided(table, one.address), one.expect)),
    );
    tally('alias-route/postfix/trivial-rewrite', verdicts);
  });
});
