/** Tells the page of everything that happens, as it happens (server-sent events). */
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { PageParts } from './page.ts';
import { summaryOf } from './summaries.ts';

/** Connections that say nothing are ended by what stands between. In milliseconds. */
const HEARTBEAT = 20_000;

/** Whoever connects anew asks for the state first. */
export function events(context: Context, { development, over }: Pick<PageParts, 'development' | 'over'>): Response {
  return streamSSE(context, async stream => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const say = (event: string, data: unknown): void => {
      stream.writeSSE({ event, data: JSON.stringify(data) }).catch(() => resolve());
    };
    const stop = development.listen({
      status: status => say('status', status),
      fault: fault => say('fault', fault),
      journal: ({ changed, gone }) => {
        const entries = changed.flatMap(key => development.journal.entry(key) ?? []);
        say('messages', { changed: entries.map(summaryOf), gone });
      },
    });
    say('hello', {});
    const timer = setInterval(() => say('beat', {}), HEARTBEAT);
    stream.onAbort(() => resolve());
    if (over.aborted) resolve();
    over.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearInterval(timer);
    stop();
  });
}
