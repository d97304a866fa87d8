/**
 * What a mail says about TLS, over what the operator says (RFC 8689).
 *
 * Whoever said REQUIRETLS gets TLS or the mail back. `TLS-Required: No` asks for the opposite: better in the clear than not
 * at all. It gives up the operator's `required` and `verified`, and what DANE and MTA-STS demand, but never where a password goes along.
 */
import type { Mail } from '../mail/mail.ts';
import { readHeader } from '../mime/header.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Policy } from './dial.ts';
import type { Hops } from './targets.ts';

/**
 * The policies to try, each where the one before found no host that is protected as it wants. A notification from the null
 * reverse-path must not be lost for want of REQUIRETLS (section 5): nobody would hear of it. What goes to a socket does not
 * leave this machine.
 */
export function policiesFor(mail: Mail, hops: Hops, policy: Policy): Awaitable<readonly Policy[]> {
  if ('socket' in hops) return [{ ...policy, tls: 'off' }];
  const { reversePath, parameters } = mail.envelope;
  if (parameters.requireTls) {
    const strict: Policy = { ...policy, tls: 'requiretls' };
    return reversePath === null ? [strict, policy] : [strict];
  }
  const insists = policy.tls === 'required' || policy.tls === 'verified' || hops.some(({ tls }) => tls !== undefined);
  const mayGiveUp = insists && policy.auth === null && policy.tlsRequiredNo === 'honour';
  return mayGiveUp ? needsNoTls(mail).then(mayBeClear => [mayBeClear ? clear(policy) : policy]) : [policy];
}

function clear(policy: Policy): Policy {
  return { ...policy, tls: policy.tls === 'off' ? 'off' : 'opportunistic', demands: 'ignored' };
}

/** There must be one such field (section 3): of several, somebody else may have written the first. */
async function needsNoTls({ content }: Mail): Promise<boolean> {
  const header = await readHeader(content);
  if (header.kind === 'too-large') return false;
  const [value, ...others] = header.block.values('tls-required');
  return others.length === 0 && value?.toLowerCase() === 'no';
}
