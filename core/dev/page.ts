/** The web page of `mailframe dev`: its files, what it shows as data, and what its buttons do. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Clock, Random } from '../plugin/ports.ts';
import { type Door, guard } from './access.ts';
import type { Development } from './development.ts';
import { actions } from './page-actions.ts';
import { events } from './page-events.ts';
import { pageFiles } from './page-files.ts';
import { messages } from './page-messages.ts';
import { summaryOf } from './summaries.ts';

/** What the page itself may do: nothing of anybody else's. The frames that it holds have a policy of their own. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
/** On all answers; those that need another policy say so. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': PAGE_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-DNS-Prefetch-Control': 'off',
  'Cache-Control': 'no-store',
};
/** The largest mail that may be handed over, in octets. */
const LARGEST = 64 * 1024 * 1024;

export interface PageParts {
  readonly development: Development;
  readonly door: () => Door;
  readonly clock: Clock;
  readonly random: Random;
  /** Aborted when the page goes away. */
  readonly over: AbortSignal;
}

/** Makes the page. */
export function page(parts: PageParts): Hono {
  const { development, door } = parts;
  const { journal } = development;
  const files = pageFiles();
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) {
      if (!context.res.headers.has(name)) context.header(name, value);
    }
  });
  app.use(guard(door));
  app.use(bodyLimit({ maxSize: LARGEST }));
  const file = (name: string, context: Context) => {
    const found = files.get(name);
    if (found === undefined) return context.notFound();
    return context.body(new Uint8Array(found.octets), 200, { 'Content-Type': found.type });
  };
  app.get('/', context => file('index.html', context));
  app.get('/page/:name', context => file(context.req.param('name'), context));
  app.get('/api/state', context => {
    const { status, fault, dns, mailbox } = development;
    return context.json({ status, fault, dns, mailbox, messages: journal.entries().map(summaryOf) });
  });
  app.get('/api/events', context => events(context, parts));
  app.route('/api/messages', messages(journal));
  app.route('/api', actions(parts));
  return app;
}
