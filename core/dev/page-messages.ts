/** The mails of the page, as data, as files, and as documents for frames. */
import { type Context, Hono } from 'hono';
import type { Part } from '../mime/part.ts';
import { parseTree } from '../mime/tree.ts';
import { detailsOf, octetsOf, readState, statesOf } from './details.ts';
import { FRAME_POLICY, htmlFrame } from './html-frame.ts';
import type { Journal } from './journal.ts';
import { partAt, partOctets, pictures, textOf } from './parts.ts';

/** Pictures that are nothing but pictures. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** What may be asked about the mails of a journal. */
export function messages(journal: Journal): Hono {
  const app = new Hono();
  const octets = async (context: Context): Promise<Buffer | null> => {
    const entry = journal.entry(context.req.param('key') ?? '');
    if (entry === null) return null;
    return octetsOf(statesOf(entry, journal).find(({ name }) => name === context.req.param('state')));
  };
  const part = async (context: Context): Promise<Part | null> => {
    const found = await octets(context);
    return found === null ? null : partAt(found, context.req.query('path') ?? '');
  };
  app.get('/:key', async context => {
    const entry = journal.entry(context.req.param('key'));
    return entry === null ? context.notFound() : context.json(await detailsOf(entry, journal));
  });
  app.get('/:key/:state/read', async context => {
    const found = await octets(context);
    return found === null ? context.notFound() : context.json(await readState(found));
  });
  app.get('/:key/:state/source', async context => {
    const found = await octets(context);
    const name = `${context.req.param('key')}.eml`;
    return found === null ? context.notFound() : asFile(context, found, { type: 'message/rfc822', name });
  });
  app.get('/:key/:state/part', async context => {
    const found = await part(context);
    if (found === null) return context.notFound();
    return asFile(context, partOctets(found), { type: 'application/octet-stream', name: 'part' });
  });
  app.get('/:key/:state/picture', async context => {
    const found = await part(context);
    const type = found === null ? '' : `${found.type.type}/${found.type.subtype}`;
    if (found === null || !PICTURES.has(type)) return context.notFound();
    return context.body(new Uint8Array(partOctets(found)), 200, { 'Content-Type': type });
  });
  app.get('/:key/:state/html', async context => {
    const [found, all] = [await part(context), await octets(context)];
    const read = all === null ? null : parseTree(all);
    if (found === null || read === null || read.kind !== 'tree') return context.notFound();
    const { document } = htmlFrame(textOf(found), pictures(read.root));
    return context.html(document, 200, { 'Content-Security-Policy': FRAME_POLICY });
  });
  return app;
}

/** A stranger's octets: saved, never shown by the browser as what they say that they are. */
function asFile(
  context: Context,
  octets: Buffer,
  { type, name }: { readonly type: string; readonly name: string },
): Response {
  return context.body(new Uint8Array(octets), 200, {
    'Content-Type': type,
    'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
    'Content-Security-Policy': 'sandbox',
  });
}
