/** Middleware and observers of `mailframe dev`, as a link of the chain that stands above all plugins of the configuration. */

import type { MountedPlugin } from '../mounted-plugin.ts';
import { definePlugin, type PluginInstance } from '../plugin/plugin.ts';
import type { Log } from '../plugin/ports.ts';
import { originsOf } from '../wiring/origin.ts';

/** Transports may take their time, and so may whoever stands around them. */
const LONG = 3_600_000;

/** A witness as a link. */
export function mountedWitness(
  instance: Pick<PluginInstance, 'around' | 'surrounds' | 'observe'>,
  log: Log,
): MountedPlugin {
  const id = 'dev';
  const calls = { id, when: null, mode: 'enforce', onError: 'ignore', deadline: LONG, deliveryDeadline: LONG } as const;
  const plugin = definePlugin({ name: id, create: () => instance });
  const entry = { ...calls, use: id, options: undefined, path: [] };
  return {
    ...calls,
    instance,
    delivers: null,
    log: log.child({ plugin: id }),
    plugin,
    entry,
    module: null,
    originOf: originsOf(null),
  };
}
