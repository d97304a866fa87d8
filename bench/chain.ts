/** What the chain costs: a walk over eight plugins against calling the same eight functions in a loop. */
import { createChain } from '../core/chain/create-chain.ts';
import type { Link } from '../core/chain/link.ts';
import { directRecipient, NO_PARAMETERS } from '../core/mail/envelope.ts';
import type { Session } from '../core/mail/session.ts';
import { accept } from '../core/mail/verdict.ts';
import type { Around } from '../core/plugin/middleware.ts';
import type { Log } from '../core/plugin/ports.ts';
import { systemClock } from '../core/system/clock.ts';
import { systemRandom } from '../core/system/random.ts';
import { originsOf } from '../core/wiring/origin.ts';
import { compare, shown } from './compare.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

const session: Session = {
  id: 'bench',
  listener: 'inbound',
  protocol: 'smtp',
  client: { address: '192.0.2.1', port: 25, name: null },
  greeting: null,
  tls: null,
  user: null,
  forwarded: null,
};
const recipient = directRecipient({ localPart: 'ann', domain: 'example.test' });
const envelope = { reversePath: null, recipients: [], parameters: NO_PARAMETERS };

function link(index: number, parts: Partial<Link['instance']> = {}): Link {
  const rcpt = index === 7 ? () => accept : () => undefined;
  return {
    id: `p${index}`,
    instance: { rcpt, ...parts },
    when: null,
    mode: 'enforce',
    onError: 'defer',
    deadline: 30_000,
    deliveryDeadline: 600_000,
    delivers: null,
    log: silent,
    originOf: originsOf(null),
  };
}

const eight = Array.from({ length: 8 }, (_, index) => link(index));
const around: Around = (_, next) => next();

export async function chainBench(): Promise<void> {
  const chain = createChain({ links: eight, routes: [], clock: systemClock, random: systemRandom });
  const wrapped = createChain({
    links: eight.map((one, index) => (index < 2 ? link(index, { around }) : one)),
    routes: [],
    clock: systemClock,
    random: systemRandom,
  });
  const walk = (through: typeof chain) => async (times: number) => {
    for (let n = 0; n < times; n++) await through.rcpt(session, envelope, recipient, {});
  };
  const loop = async (times: number) => {
    for (let n = 0; n < times; n++) for (const { instance } of eight) await (instance.rcpt as () => unknown)();
  };
  const bare = await compare({ one: walk(chain), other: loop }, { times: 20_000 });
  const middle = await compare({ one: walk(wrapped), other: walk(chain) }, { times: 20_000 });
  console.log(
    `chain: rcpt over 8 plugins, ${shown(bare.one)} walks/s; a plain loop over the same functions ${shown(bare.other)}/s ` +
      `(${shown(1e6 / bare.one - 1e6 / bare.other)} µs more a walk, trace and containment included)`,
  );
  console.log(`chain: with two middlewares around most calls, ${shown(middle.ratio)} of that rate`);
}
