/** What is found by asking: plugins, certificate files, and DNS where that is wanted. Takes its time, so it is for `check` alone. */
import type { Chain } from '../chain/chain.ts';
import { type CertificateView, certificateOutlook } from './certificate-outlook.ts';
import type { Finding, Subject } from './finding.ts';
import { type NameService, namesInDns } from './names-in-dns.ts';
import { openRelay } from './open-relay.ts';
import { pluginFindings } from './plugin-findings.ts';

/** Who is asked. */
export interface Asking {
  /** Made of the plugins that are looked at, on ports that do not act. */
  readonly chain: Chain;
  readonly certificates: CertificateView;
  /** `null`: DNS is not asked. */
  readonly names: NameService | null;
  /** Aborted when plugins have had time enough. */
  readonly signal: AbortSignal;
  /** What is looked at next, for a person who waits. */
  readonly progress: (what: string) => void;
}

export async function foundByAsking(
  subject: Subject,
  { chain, certificates, names, signal, progress }: Asking,
): Promise<readonly Finding[]> {
  progress('certificates');
  const found = [...certificateOutlook(subject, certificates)];
  progress('whether strangers get through');
  found.push(...(await openRelay(subject, chain)));
  progress('what the plugins find');
  found.push(...(await pluginFindings(subject, chain, signal)));
  if (names !== null) {
    progress('names in DNS');
    found.push(...(await namesInDns(subject, names)));
  }
  return found;
}
