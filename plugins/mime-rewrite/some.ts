/** Options of which one or several may be written. */
import { z } from '../../core/index.ts';

/** One value, or a list of them. */
export function some<S extends z.ZodType>(one: S) {
  return z.union([one, z.array(one).min(1)]).transform(written => (Array.isArray(written) ? written : [written]));
}
