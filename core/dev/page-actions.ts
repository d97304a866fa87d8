/** What the buttons of the page do. */
import { type Context, Hono } from 'hono';
import { parseFault } from './fault.ts';
import type { PageParts } from './page.ts';
import { ORDERS } from './reports.ts';
import { parseSendForm } from './send-form.ts';
import { sendMail } from './send-mail.ts';

/** What may be done. */
export function actions({ development, clock, random }: Pick<PageParts, 'development' | 'clock' | 'random'>): Hono {
  const app = new Hono();
  app.post('/fault', async context => {
    const { place, manner } = await bodyOf(context);
    const fault = parseFault(place, manner);
    if (fault === null) return context.json({ message: 'There is no such way to fail' }, 400);
    development.fail(fault);
    return context.json({ fault });
  });
  app.post('/messages/:key/:order', context => {
    const { key, order } = context.req.param();
    const known = ORDERS.find(one => one === order);
    if (known === undefined || development.journal.entry(key)?.kind !== 'mail') return context.notFound();
    development.order({ kind: 'order', id: key, order: known });
    return context.json({});
  });
  app.post('/clear', context => {
    development.clear();
    return context.json({});
  });
  app.post('/restart', context => {
    development.restart(null);
    return context.json({});
  });
  app.post('/send', async context => {
    const form = parseSendForm(await bodyOf(context), { now: clock.now(), random });
    if (form.kind === 'faulty') return context.json({ message: form.message }, 400);
    const { listeners } = development.status;
    const listener = listeners.find(({ id }) => id === form.listener) ?? listeners[0];
    if (listener === undefined) return context.json({ message: 'The gateway does not run' }, 409);
    return context.json(await sendMail(listener, form.request));
  });
  return app;
}

/** What was posted, as an object; an empty one where it is none. */
async function bodyOf(context: Context): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await context.req.json().catch(() => null);
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {};
}
