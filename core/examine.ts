/** Looks at a configuration that compiles as deeply as can be: what is found by asking its plugins, its files and DNS. */
import { relative } from 'node:path';
import { foundByAsking } from './analysis/by-asking.ts';
import { type Finding, subjectOf } from './analysis/finding.ts';
import { createChain } from './chain/create-chain.ts';
import type { CompiledConfiguration } from './compile.ts';
import { KNOWN_AUTHORITIES } from './config/certificate.ts';
import { type Complaint, Complaints } from './config/complaint.ts';
import { readText } from './config/tags.ts';
import type { MountedPlugin } from './mounted-plugin.ts';
import type { HookName } from './plugin/hooks.ts';
import { CLOCK, type Clock, RANDOM, RESOLVER } from './plugin/ports.ts';

/** How deeply. */
export interface Examining {
  readonly now: Date;
  /** In days: a certificate that expires sooner is told of. */
  readonly expiresWithin: number;
  /** Whether names are looked up in DNS, and plugins that strangers meet are started. */
  readonly live: boolean;
  readonly signal: AbortSignal;
  readonly progress: (what: string) => void;
}

/** How long one question to DNS may take, in milliseconds. */
const DNS_PATIENCE = 5000;

/** All complaints about the configuration: its warnings, and what was found now. Its plugins are closed afterwards. */
export async function examine(compiled: CompiledConfiguration, how: Examining): Promise<readonly Complaint[]> {
  const { mounted: links, routes, scope, configuration, document, warnings } = compiled;
  const clock = scope.get(CLOCK);
  const chain = createChain({ links, routes, clock, random: scope.get(RANDOM) });
  const names = how.live ? { resolver: scope.get(RESOLVER), clock, timeout: DNS_PATIENCE } : null;
  const certificates = { ...how, read: readText, roots: KNOWN_AUTHORITIES };
  const complaints = new Complaints(document, warnings);
  try {
    if (how.live) for (const link of links) await started(link, clock);
    const subject = subjectOf({ configuration, document, mounted: links });
    const findings = await foundByAsking(subject, { ...how, chain, certificates, names });
    for (const finding of findings) complaints.found(named(finding, document.place.value.file));
  } finally {
    chain.close();
    for (const link of links.toReversed()) await closed(link);
  }
  return complaints.list();
}

/** What a stranger meets before there is content. */
const MET: readonly HookName[] = ['connect', 'helo', 'mail', 'rcpt'];
/** How long a plugin may take to start, in milliseconds. */
const START_PATIENCE = 5000;

/** One that cannot start here is asked all the same: it defers what it cannot say. */
async function started({ instance }: MountedPlugin, clock: Clock): Promise<void> {
  if (instance.start === undefined || !MET.some(hook => instance[hook] !== undefined)) return;
  const done = new AbortController();
  const late = clock.sleep(START_PATIENCE, done.signal).catch(() => undefined);
  const start = async () => instance.start?.();
  await Promise.race([start().catch(() => undefined), late]);
  done.abort();
}

/** It is over, whatever a plugin says of its end. */
async function closed({ instance }: MountedPlugin): Promise<void> {
  try {
    await instance.close?.();
  } catch {
    // Nothing was done that could be left undone.
  }
}

/** Files of plugins are named as the configuration is: from the working directory, where that is. */
function named(finding: Finding, configuration: string): Finding {
  const { place } = finding;
  if (place === undefined || configuration.startsWith('/')) return finding;
  return { ...finding, place: { ...place, file: relative(process.cwd(), place.file) } };
}
