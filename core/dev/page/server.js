/** What the page asks of its server, and hears from it. */

/** An answer as data. @throws Error with what the server says, for a person. */
export async function get(path) {
  return answerOf(await fetch(path));
}

export async function post(path, body = {}) {
  const headers = { 'Content-Type': 'application/json' };
  return answerOf(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }));
}

export async function text(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error('It is not there any more.');
  return response.text();
}

async function answerOf(response) {
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new Error(body?.message ?? `The server says ${response.status}.`);
  return body;
}

/** Where something of a mail is. */
export function address(key, state, what, path = null) {
  const query = path === null ? '' : `?path=${encodeURIComponent(path)}`;
  return `/api/messages/${encodeURIComponent(key)}/${encodeURIComponent(state)}/${what}${query}`;
}

/**
 * Listens for all that happens. `connected` is called at each new connection: what happened before is not told again.
 */
export function listen({ connected, lost, ...events }) {
  const source = new EventSource('/api/events');
  source.addEventListener('hello', () => connected());
  source.addEventListener('error', () => lost());
  for (const [name, heard] of Object.entries(events)) {
    source.addEventListener(name, event => heard(JSON.parse(event.data)));
  }
}
