/**
 * What a next hop would be given: hosts, commands and octets, found out without connecting to any. Of a host that nobody has
 * talked to it is assumed that it offers every extension that matters here, and says yes.
 */
import { contentOf } from '../mail/content.ts';
import { bouncedBy, deferredBy, type Outcome } from '../mail/outcome.ts';
import type { Resolver } from '../plugin/dns.ts';
import type { Act, Preview } from '../plugin/preview.ts';
import { firstBatch } from './batches.ts';
import { mailCommand, rcptCommand } from './commands.ts';
import { fit } from './demands.ts';
import type { Policy } from './dial.ts';
import { Extensions } from './extensions.ts';
import { lineSafe } from './line-safe.ts';
import { policiesFor } from './mail-policy.ts';
import type { Relaying } from './relay.ts';
import { targetsOf } from './targets.ts';
import { wantedFor } from './tls-wanted.ts';

type Transaction = Extract<Act, { kind: 'transaction' }>;

const ASSUMED = new Extensions(['8BITMIME', 'SIZE', 'SMTPUTF8', 'DSN', 'PIPELINING', 'MT-PRIORITY', 'REQUIRETLS']);
const NO_HOST = deferredBy({ code: 451, status: '4.4.1', text: 'The route names no host' });

/** As many previews as there would be transactions. DNS is asked where the hosts came without addresses. */
export async function previewed(relaying: Relaying, policy: Policy, resolver: Resolver): Promise<readonly Preview[]> {
  const [first = policy] = await policiesFor(relaying.mail, relaying.hops, policy);
  const { hosts, failure } = await hostsOf(relaying, first, resolver);
  const { mail, recipients } = relaying;
  if (hosts.length === 0) {
    return [{ recipients, act: null, content: mail.content, outcome: failure ?? NO_HOST }];
  }
  const fitting = await fit(mail, ASSUMED);
  if (fitting.kind === 'unfit') {
    return [{ recipients, act: null, content: mail.content, outcome: bouncedBy(fitting.reply) }];
  }
  const content = contentOf(Buffer.concat(await Array.fromAsync(lineSafe(fitting.mail.content, 'lasting'))));
  const previews: Preview[] = [];
  const hop = { extensions: ASSUMED, security: first.tls === 'off' ? 'none' : 'verified' } as const;
  for (let waiting = recipients; waiting.length > 0; ) {
    const some = firstBatch(waiting, { recipients: policy.recipients, domains: Number.POSITIVE_INFINITY });
    const rcpts = some.map(recipient => rcptCommand(recipient, hop));
    const commands = [mailCommand(fitting.mail, some, hop), ...rcpts];
    const act: Transaction = { kind: 'transaction', protocol: policy.protocol, hosts, commands };
    previews.push({ recipients: some, act, content, outcome: takenBy(hosts) });
    waiting = waiting.slice(some.length);
  }
  return previews;
}

async function hostsOf(
  { hops }: Relaying,
  policy: Policy,
  resolver: Resolver,
): Promise<{ readonly hosts: Transaction['hosts']; readonly failure: Outcome | null }> {
  const hosts: Transaction['hosts'][number][] = [];
  let failure: Outcome | null = null;
  for (const targets of targetsOf(hops, resolver)) {
    for (const target of await targets) {
      if (target.kind === 'unresolved') failure ??= target.outcome;
      else hosts.push({ remote: target.remote, tls: wantedFor(target.host, policy).level });
    }
  }
  return { hosts, failure };
}

function takenBy([first]: Transaction['hosts']): Outcome {
  const remote = first?.remote ?? null;
  return { kind: 'delivered', disposition: 'passed-on', remote, text: 'would be offered to it' };
}
