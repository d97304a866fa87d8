/** Gives a schema the sentence that editors show for it, and keeps what it has been given before. */
import type { z } from 'zod';

export function described<S extends z.ZodType>(schema: S, description: string): S {
  return schema.meta({ ...schema.meta(), description });
}
