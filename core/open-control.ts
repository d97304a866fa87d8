/** Opens the control socket of a gateway, by which the other verbs of the command line ask it. */
import { ControlServer } from './control/control-server.ts';
import { controlVerbs } from './control-verbs.ts';
import type { Engine } from './engine.ts';
import { describeError } from './mail/failure.ts';
import type { Clock, Log } from './plugin/ports.ts';

/** `null` where it cannot be opened, which the log says: a gateway that nobody can ask is still one that takes mail. */
export async function openControl(
  engine: Engine,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<ControlServer | null> {
  const { directory } = engine.configuration.queue;
  try {
    return await ControlServer.open({ directory, verbs: controlVerbs(engine, clock), clock, log });
  } catch (error) {
    log.warn('failed', { opening: 'the control socket', directory, cause: describeError(error) });
    return null;
  }
}
