/**
 * Who may see the page: the person whom the terminal has told its address, in a browser on this machine.
 *
 * Guarantees: a name of somebody else that leads to this machine is not served (DNS rebinding); no page of another origin
 * makes anything happen (cross-site request forgery); other users of this machine need the key, which only the terminal
 * shows.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

/** How the page is reached. */
export interface Door {
  readonly port: number;
  readonly key: string;
}

const HTTP = 80;
const NAMES = ['127.0.0.1', 'localhost'];
const SAME_SITE: ReadonlySet<string> = new Set(['same-origin', 'none']);
/** For so long a browser that was let in is let in again, in seconds. */
const REMEMBERED = 30 * 86_400;
const CLOSED =
  'mailframe dev: this address lacks its key. Open the address that the terminal shows, from "http://" to its end.\n';

/** Turns away everybody else. `door`: asked at each request, for the port is known only once it is open. */
export function guard(door: () => Door): MiddlewareHandler {
  return async (context, next) => {
    const { port, key } = door();
    // At the port of HTTP browsers leave it out.
    const hosts = NAMES.map(name => (port === HTTP ? name : `${name}:${port}`));
    const host = context.req.header('host') ?? '';
    if (!hosts.includes(host)) return context.text(`mailframe dev is not ${host}\n`, 421);
    if (context.req.method !== 'GET' && !isOurs(context, host)) {
      return context.text('mailframe dev takes this from its own page alone\n', 403);
    }
    const name = `mailframe-dev-${port}`;
    const given = context.req.query('key');
    if (given !== undefined && context.req.path === '/') {
      if (!isSame(given, key)) return context.text(CLOSED, 401);
      setCookie(context, name, key, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: REMEMBERED });
      return context.redirect('/', 303);
    }
    if (!isSame(getCookie(context, name) ?? '', key)) return context.text(CLOSED, 401);
    return next();
  };
}

/** Browsers say where a request comes from, and no page can make them say something else. */
function isOurs(context: Context, host: string): boolean {
  const site = context.req.header('sec-fetch-site');
  return context.req.header('origin') === `http://${host}` && (site === undefined || SAME_SITE.has(site));
}

function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
