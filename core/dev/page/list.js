/** The list of mails, newest first. */
import { el, fill } from './dom.js';
import { bare, clock, exactly, stateWords } from './words.js';

const at = id => document.getElementById(id);

const FILTERS = {
  all: { label: 'All', isWanted: () => true },
  refused: { label: 'Refused', isWanted: ({ kind }) => kind === 'refusal' },
  waiting: { label: 'Waiting', isWanted: ({ state }) => ['queued', 'deferred', 'held'].includes(state) },
  delivered: { label: 'Delivered', isWanted: ({ state }) => state === 'delivered' },
  bounced: { label: 'Bounced', isWanted: ({ state }) => ['bounced', 'damaged'].includes(state) },
};

/** Those that search and filter leave, newest first. */
export function visible({ messages, search, filter }) {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  const { isWanted } = FILTERS[filter];
  return [...messages.values()].toReversed().filter(one => {
    if (!isWanted(one)) return false;
    const text = [one.subject, one.from, one.author, one.reply, one.key, one.state, ...one.to].join(' ').toLowerCase();
    return words.every(word => text.includes(word));
  });
}

/** `tab`: what is shown of a mail stays the same from one to the next. */
export function showList(known, { selected, tab, arrived }) {
  const all = [...known.messages.values()];
  fill(
    at('filters'),
    Object.entries(FILTERS).map(([filter, { label, isWanted }]) => {
      const number = all.filter(isWanted).length;
      return el(
        'button',
        { type: 'button', 'data-filter': filter, 'aria-pressed': filter === known.filter ? 'true' : 'false' },
        number === 0 || filter === 'all' ? label : `${label} ${number}`,
      );
    }),
  );
  const shown = visible(known);
  const list = at('list');
  const focused = document.activeElement?.closest?.('.entry')?.dataset.key;
  fill(
    list,
    shown.length === 0 ? el('li.none', {}, all.length === 0 ? 'No mail yet.' : 'No mail is like that.') : null,
    shown.map(one => entry(one, { selected, tab, arrived })),
  );
  if (focused !== undefined) entryOf(focused)?.querySelector('a').focus({ preventScroll: true });
}

/** The element of a mail in the list, or `null`. */
export function entryOf(key) {
  return [...at('list').querySelectorAll('.entry')].find(one => one.dataset.key === key) ?? null;
}

function entry(one, { selected, tab, arrived }) {
  const [word, colour] = stateWords(one.state);
  const isNew = arrived.filter(key => key === one.key).length > 1;
  return el(
    `li.entry${isNew ? '.new' : ''}`,
    { 'data-key': one.key, 'aria-current': one.key === selected ? 'true' : 'false' },
    el(
      'a',
      { href: `#/${encodeURIComponent(one.key)}/${encodeURIComponent(tab)}` },
      subject(one),
      el('time', { datetime: new Date(one.at).toISOString(), title: exactly(one.at) }, clock(one.at)),
      el('span.way', {}, `${bare(one.from)} → ${recipients(one)}`),
      el(`span.pill${colour === '' ? '' : `.${colour}`}`, {}, word),
    ),
  );
}

/** What a refusal is about is what the client was told: there is no subject yet. */
function subject({ kind, subject: text, reply, about }) {
  if (text !== null && text !== '') {
    return el('span.subject', {}, about === null ? null : el('span', { title: 'A notification' }, '↩ '), text);
  }
  if (kind === 'refusal') return el('span.subject.missing', {}, reply);
  return el('span.subject.missing', {}, '(no subject)');
}

function recipients({ to }) {
  if (to.length === 0) return '(nobody yet)';
  return to.length === 1 ? to[0] : `${to[0]} and ${to.length - 1} more`;
}
