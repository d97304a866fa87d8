/** The machine that figures are of. */
import { cpus, release, totalmem } from 'node:os';

export function machine(): string {
  const [cpu] = cpus();
  return (
    `node ${process.versions.node}, linux ${release()}, ${cpus().length} x ${cpu?.model ?? 'unknown'}, ` +
    `${Math.round(totalmem() / 2 ** 30)} GiB, ${new Date().toISOString().slice(0, 10)}`
  );
}
