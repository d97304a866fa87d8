/**
 * Opens a stage: the configuration is compiled as for a start, on ports that do not act, and its plugins are started on them.
 *
 * Guarantee: nothing that goes through a port changes anything outside of this process. A plugin that goes past its ports is
 * its own master, here as elsewhere.
 */
import { createChain } from '../chain/create-chain.ts';
import { compile } from '../compile.ts';
import { bootError } from '../config/complaint.ts';
import { describeError } from '../mail/failure.ts';
import type { MountedPlugin } from '../mounted-plugin.ts';
import { CLOCK, LOG, RANDOM, RESOLVER } from '../plugin/ports.ts';
import { ClientNames } from '../smtp/client-names.ts';
import { systemClock } from '../system/clock.ts';
import { type RehearsalServices, rehearsalServices } from './rehearsal-services.ts';
import { rehearse } from './rehearse.ts';
import type { Stage, StageOptions } from './stage.ts';
import { stagedLink } from './staged-link.ts';

/** @throws MailframeError with every complaint, where a gateway would not start */
export async function openStage(options: StageOptions): Promise<Stage> {
  let services: RehearsalServices | null = null;
  const compiled = await compile(options.file, {
    env: options.env,
    now: (options.clock ?? systemClock).now(),
    plugins: options.plugins ?? [],
    scope: configuration => {
      services = rehearsalServices(configuration, options);
      return services.scope;
    },
  });
  if (compiled.kind === 'refused') throw bootError(compiled.complaints);
  const { configuration, mounted, routes, scope, warnings } = compiled;
  const { notebooks, newNotebook } = servicesOf(services);
  const unready = await startAll(mounted);
  const ports = {
    configuration,
    clock: scope.get(CLOCK),
    random: scope.get(RANDOM),
    resolver: scope.get(RESOLVER),
    log: scope.get(LOG),
    compare: options.compare ?? 'contents',
  } as const;
  const names = new ClientNames(ports);
  return {
    configuration,
    warnings,
    unready,
    rehearse(incoming) {
      const notebook = newNotebook();
      return notebooks.during(notebook, async () => {
        const underWay = new WeakMap();
        const links = mounted.map(link => stagedLink(link, notebook, underWay));
        const chain = createChain({ links, routes, clock: ports.clock, random: ports.random });
        try {
          return await rehearse(incoming, { ...ports, names, chain, notebook });
        } finally {
          chain.close();
        }
      });
    },
    close: () => closeAll(mounted),
  };
}

/** TypeScript cannot see that a configuration that compiled has asked for its services. */
function servicesOf(services: RehearsalServices | null): RehearsalServices {
  if (services === null) throw new Error('a configuration compiled without asking for services');
  return services;
}

/** A plugin that needs more of the world than it gets here is asked all the same: what it answers then is seen. */
async function startAll(mounted: readonly MountedPlugin[]): Promise<Stage['unready']> {
  const unready: { readonly plugin: string; readonly cause: string }[] = [];
  for (const { id, instance } of mounted) {
    try {
      await instance.start?.();
    } catch (error) {
      unready.push({ plugin: id, cause: describeError(error) });
    }
  }
  return unready;
}

async function closeAll(mounted: readonly MountedPlugin[]): Promise<void> {
  for (const { instance } of mounted.toReversed()) {
    try {
      await instance.close?.();
    } catch {
      // It is over, and nothing was done that could be left undone.
    }
  }
}
