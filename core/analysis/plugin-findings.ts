/** What plugins find when they look at themselves. One that fails while it looks is told of, and keeps nobody else from looking. */
import type { Chain } from '../chain/chain.ts';
import { describeError } from '../mail/failure.ts';
import type { Examination } from '../plugin/about.ts';
import type { Finding, Subject } from './finding.ts';
import { type Admitted, admit, nameRecipient, strangersFor, strangeSessions } from './stranger.ts';

export async function pluginFindings(subject: Subject, chain: Chain, signal: AbortSignal): Promise<readonly Finding[]> {
  const ask = await asker(subject, chain);
  const findings: Finding[] = [];
  for (const { instance, entry, id } of subject.mounted) {
    const { about } = instance;
    if (about?.findings === undefined) continue;
    const at = { code: 'MF_PLUGIN_FINDING', severity: 'warning' } as const;
    try {
      for (const { path, ...others } of await about.findings({ ask, signal })) {
        findings.push({ ...at, ...others, path: [...entry.path, 'options', ...path] });
      }
    } catch (error) {
      const message = `"${id}" cannot look at itself: ${describeError(error)}`;
      findings.push({ ...at, path: [...entry.path, 'use'], message });
    }
  }
  return findings;
}

/** Asks as a stranger does. Where no listener lets one in, as somebody at the first listener. */
async function asker({ configuration, document }: Subject, chain: Chain): Promise<Examination['ask']> {
  const listeners = configuration.listeners.map(
    one => ({ ...one, auth: 'off', tls: one.tls === null ? null : { ...one.tls, clients: null } }) as const,
  );
  const addresses = strangersFor(document);
  const sessions = [...strangeSessions(configuration.listeners, addresses), ...strangeSessions(listeners, addresses)];
  let admitted: Admitted | null = null;
  for (const { session } of sessions) {
    admitted ??= await admit(chain, {
      session,
      domain: 'client.elsewhere.example',
      reversePath: { localPart: 'someone', domain: 'elsewhere.example' },
    });
  }
  if (admitted === null) return () => 'unsaid';
  const stranger = admitted;
  return async recipient => {
    const { decision } = await nameRecipient(chain, stranger, recipient);
    if (decision.kind === 'claimed') return 'taken';
    if (decision.by === 'mailframe') return 'unclaimed';
    // Other refusals are about the client, or about the mail (RFC 3463 section 3.2).
    return decision.reply.status.startsWith('5.1.') ? 'refused' : 'unsaid';
  };
}
