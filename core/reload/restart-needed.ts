/** What a reload cannot change: the next start can. */
import { isDeepStrictEqual } from 'node:util';
import type { CompiledConfiguration } from '../compile.ts';
import type { Complaint } from '../config/complaint.ts';
import { type Path, positionAt } from '../config/place.ts';

/** A complaint for each setting that is different and would need a restart. */
export function restartNeeded(before: CompiledConfiguration, after: CompiledConfiguration): readonly Complaint[] {
  const [was, is] = [before.configuration.queue, after.configuration.queue];
  const complaint = (path: Path, why: string): Complaint => ({
    severity: 'error',
    code: 'MF_RELOAD_RESTART',
    path,
    message: `${why}: restart the gateway, or put the old value back`,
    ...positionAt(after.document.place, path, 'value'),
  });
  const complaints: Complaint[] = [];
  if (was.directory !== is.directory) {
    const why = `a running gateway cannot move its queue from ${was.directory} to ${is.directory}`;
    complaints.push(complaint(['queue', 'directory'], why));
  }
  if (!isDeepStrictEqual(was.history, is.history)) {
    complaints.push(
      complaint(['queue', 'history'], 'the history of a running gateway is kept as it was when it started'),
    );
  }
  return complaints;
}
