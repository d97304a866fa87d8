/** What a running gateway does for those who ask over its control socket: each verb, by its name. */
import { type ControlVerb, Refusal } from './control/control-server.ts';
import type { Parameters } from './control/protocol.ts';
import type { Engine } from './engine.ts';
import { followedLog } from './followed-log.ts';
import { pageOf } from './mail/error.ts';
import type { Clock } from './plugin/ports.ts';
import { logTap } from './system/log-tap.ts';

/** Destinations that a person wants to see at once. */
const TOP = 5;

/** Those of an engine that has started. Each answers plain JSON, the same as the command prints with `--json`. */
export function controlVerbs(engine: Engine, clock: Clock): ReadonlyMap<string, ControlVerb> {
  return new Map<string, ControlVerb>([
    ['status', () => status(engine, clock)],
    ['shadow', async () => engine.shadows()],
    ['reload', parameters => reload(engine, parameters)],
    ['logs', followedLog(logTap)],
  ]);
}

async function status({ configuration, state, queue }: Engine, clock: Clock) {
  const { file, hostname } = configuration;
  return { pid: process.pid, hostname, file, ...state, queue: await queue.statistics({ now: clock.now(), top: TOP }) };
}

/** The gateway reads the file that it was started with, whoever asks. */
async function reload(engine: Engine, { file }: Parameters) {
  const own = engine.configuration.file;
  if (file !== undefined && file !== own) {
    throw new Refusal(
      `the gateway that has this queue was started with ${own}, and not with ${JSON.stringify(file)}: it reads its own file again`,
    );
  }
  const came = await engine.reload();
  const complaints = came.kind === 'refused' ? came.complaints : came.warnings;
  return { ...came, complaints: complaints.map(one => ({ ...one, page: pageOf(one.code) })), file: own };
}
