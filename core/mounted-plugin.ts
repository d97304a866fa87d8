/** A plugin of a configuration, mounted: a link of the chain that still knows where it came from. */
import type { Link } from './chain/link.ts';
import type { PluginEntry } from './config/configuration.ts';
import type { Plugin } from './plugin/plugin.ts';

/** A plugin that is ready to be started and asked. */
export interface MountedPlugin extends Link {
  readonly plugin: Plugin;
  readonly entry: PluginEntry;
  /** The file that it was loaded from. `null`: a program brought it along. */
  readonly module: string | null;
}
