/** The file in which tallies are kept: JSON, by the id of the plugin. */
import { z } from 'zod';
import type { TallyRecord } from './tally.ts';

/** In the folder of the queue. */
export const SHADOW_FILE = 'shadow.json';

const count = z.int().min(0);
const text = z.string().nullable();

const answered = z.object({
  count,
  accepted: count,
  details: z.record(z.string(), count),
  examples: z.array(z.object({ at: z.number(), asked: z.string(), detail: text, session: text, queueId: text })),
});

const file = z.record(
  z.string(),
  z.object({
    since: z.string(),
    fingerprint: z.string(),
    hooks: z.record(z.string(), z.object({ asked: count, answers: z.record(z.string(), answered) })),
  }),
);

/** @throws Error where the text is something else. */
export function parseShadowFile(written: string): Readonly<Record<string, TallyRecord>> {
  return file.parse(JSON.parse(written));
}
