/** The octets of a mail. */
import { el, fill } from './dom.js';
import { address, text } from './server.js';
import { stateChoice } from './states.js';

/** More would only slow the page down. In characters. */
const LONGEST = 300_000;

export async function sourceTab(body, context) {
  const { details, state } = context;
  const path = address(details.key, state, 'source');
  const source = await text(path);
  const end = /\r?\n\r?\n/.exec(source)?.index ?? source.length;
  fill(
    body,
    stateChoice(context),
    el('p', {}, el('a', { href: path, download: `${details.key}.eml` }, 'Save it as a file')),
    el(
      'pre.text.code.source',
      { tabindex: '0', 'aria-label': 'The source of the mail' },
      el('span.source-header', {}, source.slice(0, Math.min(end, LONGEST))),
      source.slice(end, LONGEST),
    ),
    source.length > LONGEST ? el('p.note', {}, 'There is more; the file has all of it.') : null,
  );
}
