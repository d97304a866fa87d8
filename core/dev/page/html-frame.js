/** HTML of a mail in a frame without any right, and beside it what was kept from happening. */
import { el } from './dom.js';
import { address } from './server.js';
import { count } from './words.js';

export function htmlFrame({ path }, { key, state, frames }) {
  const { blocked = [], links = [] } = frames[path] ?? {};
  return el(
    'figure.html',
    {},
    el('iframe', {
      sandbox: '',
      referrerpolicy: 'no-referrer',
      title: 'The mail as HTML, without scripts and remote content',
      src: address(key, state, 'html', path),
    }),
    el(
      'figcaption',
      {},
      blocked.length === 0
        ? 'Nothing remote is in it.'
        : disclosure(`${count(blocked.length, 'remote resource')} blocked`, blocked),
      links.length === 0
        ? null
        : disclosure(`${count(links.length, 'link')}, none of which leads anywhere here`, links),
    ),
  );
}

function disclosure(summary, urls) {
  return el(
    'details',
    {},
    el('summary', {}, summary),
    el(
      'ul',
      {},
      urls.map(url => el('li.mono', {}, url)),
    ),
  );
}
