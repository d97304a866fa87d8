/** Writes down in the log what came of a reload. */
import { formatComplaint } from '../config/complaint.ts';
import type { EngineState } from '../engine.ts';
import type { Log } from '../plugin/ports.ts';
import type { Reload } from './reload.ts';

const UNTOUCHED = 'the old configuration stays in use';

/** @param about `took` in milliseconds. */
export function tellReload(
  reload: Reload,
  { log, state, took }: { readonly log: Log; readonly state: EngineState; readonly took: number },
): void {
  const complaints = reload.kind === 'refused' ? reload.complaints : reload.warnings;
  for (const { code, message, file, line, column, severity, ...rest } of complaints) {
    const complaint = { severity, code, message, file, line, column, ...rest };
    if (severity === 'error') log.error('failed', { reloading: formatComplaint(complaint), code, hint: UNTOUCHED });
    else log.warn('warned', { code, message, at: `${file}:${line}:${column}` });
  }
  if (reload.kind === 'refused') return;
  const { generation, changes } = reload;
  log.info('reloaded', {
    generation,
    changes,
    goOnWithOld: state.former.sessionsAndDeliveries,
    took: Math.round(took),
  });
}
