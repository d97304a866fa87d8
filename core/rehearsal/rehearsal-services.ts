/**
 * The services of this machine for rehearsals: DNS and files are read, time passes; what is written goes to memory; nothing is
 * connected to, run, fetched or counted, and what plugins log is kept.
 */
import type { Configuration } from '../config/configuration.ts';
import { CLOCK, FILES, LOG, NETWORK, PROCESSES, RANDOM, RESOLVER } from '../plugin/ports.ts';
import { TLS_REPORTS } from '../plugin/tls-reports.ts';
import { WEB } from '../plugin/web.ts';
import { machineServices, NOT_COUNTED } from '../services.ts';
import type { Scope } from '../wiring/scope.ts';
import { logTo, type Note, nothingRuns, offline, unplugged } from './inert-ports.ts';
import { Notebook, Notebooks } from './notebook.ts';
import { overlayFiles } from './overlay-files.ts';
import type { StageOptions } from './stage.ts';

export interface RehearsalServices {
  readonly scope: Scope;
  readonly notebooks: Notebooks;
  /** For one message: over what plugins wrote when they started. */
  readonly newNotebook: () => Notebook;
}

export function rehearsalServices(
  configuration: Configuration,
  { resolver, clock, random, web = 'offline' }: Pick<StageOptions, 'resolver' | 'clock' | 'random' | 'web'>,
): RehearsalServices {
  const machine = machineServices(configuration);
  const time = clock ?? machine.get(CLOCK);
  const disk = machine.get(FILES);
  const notebooks = new Notebooks(new Notebook(disk, time));
  const note: Note = (kind, what) => notebooks.current.withhold(kind, what);
  const afterStart = overlayFiles(disk, () => notebooks.outside.tree);
  const scope = machine
    .child()
    .value(CLOCK, time)
    .value(RANDOM, random ?? machine.get(RANDOM))
    .value(RESOLVER, resolver ?? machine.get(RESOLVER))
    .value(
      FILES,
      overlayFiles(disk, () => notebooks.current.tree),
    )
    .value(NETWORK, unplugged(note))
    .value(PROCESSES, nothingRuns(note))
    .value(WEB, web === 'live' ? machine.get(WEB) : offline(note))
    .value(
      LOG,
      logTo((level, event, fields) => notebooks.current.log(level, event, fields)),
    )
    .value(TLS_REPORTS, NOT_COUNTED);
  return { scope, notebooks, newNotebook: () => new Notebook(afterStart, time) };
}
