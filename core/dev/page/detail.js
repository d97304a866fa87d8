/** One mail: what it is, what became of it, what may be done to it, and its tabs. */
import { changesTab } from './changes-tab.js';
import { deliveryTab } from './delivery-tab.js';
import { button, copyable, el, fill } from './dom.js';
import { messageTab } from './message-tab.js';
import { partsTab } from './parts-tab.js';
import { get, post } from './server.js';
import { sourceTab } from './source-tab.js';
import { traceTab } from './trace-tab.js';
import { welcome } from './welcome.js';
import { bare, exactly, size, stateWords } from './words.js';

/** In their order. `stays`: what it shows of a state never changes. `content`: it needs one. */
export const TABS = [
  { name: 'message', label: 'Mail', show: messageTab, stays: true, content: true },
  { name: 'parts', label: 'Parts', show: partsTab, stays: true, content: true },
  { name: 'trace', label: 'Trace', show: traceTab, stays: false, content: false },
  { name: 'delivery', label: 'Delivery', show: deliveryTab, stays: false, content: false },
  { name: 'changes', label: 'Changes', show: changesTab, stays: false, content: true },
  { name: 'source', label: 'Source', show: sourceTab, stays: true, content: true },
];

/** What is on the screen: to be left alone where nothing has changed. */
let shown = { key: null, tab: null, state: null };
/** The last call wins, whatever order the answers come in. */
let calls = 0;

export async function showDetail(pane, known, { key, tab, state, go, isNew }) {
  calls += 1;
  const call = calls;
  if (key === null) {
    shown = { key: null, tab: null, state: null };
    fill(pane, welcome(known));
    return;
  }
  if (!isNew && shown.key === key && shown.tab === tab && shown.state === state) return;
  let details;
  try {
    details = await get(`/api/messages/${encodeURIComponent(key)}`);
  } catch {
    if (call === calls) fill(pane, el('p.absent', {}, 'This mail is not there any more.'));
    return;
  }
  if (call !== calls) return;
  const chosen = tabFor(tab, details);
  const stateName = details.states.some(({ name }) => name === state) ? state : usualState(details);
  const before = pane.querySelector('.tab-body');
  const isSame = shown.key === key && shown.tab === tab && shown.state === state && chosen.stays && before !== null;
  const body = isSame ? before : el('div.tab-body', { role: 'tabpanel', 'aria-label': chosen.label });
  const head = [heading(details, go), tabs(details, chosen, go)];
  const hadFocus = pane.querySelector('.tab:focus') !== null;
  if (isSame) {
    // A frame that is moved loads anew.
    for (const old of [...pane.children].filter(child => child !== before)) old.remove();
    pane.prepend(...head);
  } else {
    fill(pane, head, body);
    pane.scrollTop = 0;
  }
  if (hadFocus) pane.querySelector('.tab[aria-selected=true]')?.focus({ preventScroll: true });
  shown = { key, tab, state };
  if (isSame) return;
  try {
    await chosen.show(body, { details, state: stateName, go: name => go(key, chosen.name, name), look: go });
  } catch (error) {
    fill(body, el('p.absent', {}, error.message));
  }
}

function tabFor(name, { states }) {
  const wanted = TABS.find(one => one.name === name) ?? TABS[0];
  return wanted.content && states.length === 0 ? TABS.find(one => one.name === 'trace') : wanted;
}

/** What the gateway made of it, before anybody else did something to it. */
function usualState({ states }) {
  return (states.find(({ name }) => name === 'stored') ?? states.at(-1))?.name ?? '';
}

function heading(details, go) {
  const { key, kind, state, subject, from, to, at, size: octets, refusal, about, because, session } = details;
  const [word, colour] = stateWords(state);
  const title = subject === null || subject === '' ? (refusal === null ? '(no subject)' : 'Refused') : subject;
  return el(
    'div.heading',
    {},
    el(
      'div.title',
      {},
      el('button.button.quiet.small.back', { type: 'button', click: () => go(null) }, '← All mails'),
      el('h2', {}, title),
      el(`span.pill${colour === '' ? '' : `.${colour}`}`, {}, word),
    ),
    el(
      'dl.facts-line',
      {},
      fact('From', el('span.mono', {}, bare(from))),
      fact('To', el('span.mono', {}, to.length === 0 ? '(nobody yet)' : to.join(', '))),
      fact('When', el('time', { datetime: new Date(at).toISOString() }, exactly(at))),
      octets === null ? null : fact('Size', size(octets)),
      kind === 'mail' ? fact('Queue id', copyable(key)) : null,
      fact('Client', clientWords(session)),
      about === null ? null : fact('Tells of', el('a', { href: `#/${encodeURIComponent(about)}` }, about)),
    ),
    refusal === null ? null : refusalBox(refusal),
    because === null ? null : el('p.because', {}, because),
    actions(details),
  );
}

function fact(name, value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

function clientWords({ client, greeting, user, tls, listener }) {
  const name = greeting === null ? client.address : `${greeting.domain} [${client.address}]`;
  const more = [`at ${listener}`, ...(user === null ? [] : [`as ${user}`]), ...(tls === null ? [] : [tls.version])];
  return `${name} ${more.join(', ')}`;
}

function refusalBox({ reply, by, because, hook }) {
  return el(
    'div.refusal',
    {},
    el('code', {}, reply),
    el('p', {}, 'by ', el('b', {}, by), ` at ${hook}`, because === null || because === reply ? null : `: ${because}`),
  );
}

function actions({ key, kind, recipients }) {
  if (kind !== 'mail') return null;
  const has = (...states) => recipients.some(({ state }) => states.includes(state));
  const act = (order, label, style = 'button.button.small') =>
    button(label, () => void post(`/api/messages/${encodeURIComponent(key)}/${order}`), style);
  const offered = [
    has('deferred') ? act('retry', 'Retry now', 'button.button.small.primary') : null,
    has('held', 'damaged') ? act('release', 'Release', 'button.button.small.primary') : null,
    has('deferred', 'queued') ? act('hold', 'Hold') : null,
    has('deferred', 'queued', 'held', 'damaged') ? act('remove', 'Remove') : null,
  ].filter(one => one !== null);
  return offered.length === 0 ? null : el('div.orders', {}, offered);
}

function tabs({ key, states }, chosen, go) {
  const offered = TABS.filter(({ content }) => !content || states.length > 0);
  const step = event => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const next = by === undefined ? undefined : offered[offered.indexOf(chosen) + by];
    if (next !== undefined) go(key, next.name);
  };
  return el(
    'div.tabs',
    { role: 'tablist', 'aria-label': 'What is shown of the mail', keydown: step },
    offered.map(({ name, label }) =>
      el(
        'button.tab',
        {
          type: 'button',
          role: 'tab',
          tabindex: name === chosen.name ? 0 : -1,
          'aria-selected': name === chosen.name ? 'true' : 'false',
          click: () => go(key, name),
        },
        label,
      ),
    ),
  );
}
