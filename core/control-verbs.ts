/** What a running gateway does for those who ask over its control socket: each verb, by its name. */
import type { ControlVerb } from './control/control-server.ts';
import type { Engine } from './gateway.ts';

/** Those of an engine that has started. Each answers plain JSON, the same as the command prints with `--json`. */
export function controlVerbs(engine: Engine): ReadonlyMap<string, ControlVerb> {
  return new Map<string, ControlVerb>([['status', async () => status(engine)]]);
}

function status({ configuration, listeners }: Engine) {
  const { file, hostname } = configuration;
  return { pid: process.pid, hostname, file, listeners };
}
