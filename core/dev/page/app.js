/** The page as a whole: what it knows, and who is told when that changes. */
import { openCompose } from './compose.js';
import { showDetail } from './detail.js';
import { fill } from './dom.js';
import { showGateway } from './gateway.js';
import { listenToKeys, openHelp } from './keys.js';
import { showList } from './list.js';
import { openNextHop } from './next-hop.js';
import { get, listen, post } from './server.js';

/** All that the page knows. */
const known = {
  status: null,
  fault: { place: 'connect', manner: 'none' },
  dns: 'invented',
  mailbox: '',
  /** By key, oldest first. */
  messages: new Map(),
  search: '',
  filter: 'all',
  connected: true,
};

const at = id => document.getElementById(id);

/** The mail and the tab that the address names: `#/KEY/TAB/STATE`. */
function place() {
  const [, key = '', tab = 'message', state = ''] = location.hash.split('/').map(decodeURIComponent);
  return { key: key === '' ? null : key, tab, state };
}

function go(key, tab = place().tab, state = '') {
  const parts = key === null ? [] : [key, tab, state].filter(part => part !== '');
  location.hash = `#/${parts.map(encodeURIComponent).join('/')}`;
}

function show(changed = []) {
  const { key, tab, state } = place();
  at('panes').classList.toggle('reading', key !== null);
  at('panes').classList.toggle('empty', known.messages.size === 0);
  showList(known, { selected: key, tab, arrived: changed });
  void showDetail(at('detail'), known, { key, tab, state, go, isNew: key !== null && changed.includes(key) });
}

function showFrame() {
  showGateway(known);
  document.title = known.messages.size === 0 ? 'mailframe dev' : `(${known.messages.size}) mailframe dev`;
}

async function refresh() {
  const state = await get('/api/state');
  Object.assign(known, state, { messages: new Map(state.messages.map(one => [one.key, one])), connected: true });
  showFrame();
  show();
}

listen({
  connected: () => void refresh().catch(() => undefined),
  lost() {
    known.connected = false;
    showFrame();
  },
  status(status) {
    known.status = status;
    showFrame();
    if (known.messages.size === 0) show();
  },
  fault(fault) {
    known.fault = fault;
    showFrame();
  },
  messages({ changed, gone }) {
    const fresh = changed.filter(({ key }) => !known.messages.has(key)).map(({ key }) => key);
    for (const one of changed) known.messages.set(one.key, one);
    for (const key of gone) known.messages.delete(key);
    showFrame();
    show([...changed.map(({ key }) => key), ...fresh]);
    if (gone.includes(place().key)) go(null);
  },
});

addEventListener('hashchange', () => show());
at('search').addEventListener('input', event => {
  known.search = event.target.value;
  show();
});
at('filters').addEventListener('click', event => {
  const { filter } = event.target.dataset;
  if (filter === undefined) return;
  known.filter = filter;
  show();
});
at('clear').addEventListener('click', () => void post('/api/clear'));
at('compose').addEventListener('click', () => openCompose(known));
at('next-hop').addEventListener('click', () => openNextHop(known));
at('help').addEventListener('click', () => openHelp());
addEventListener('mailframe:compose', () => openCompose(known));
listenToKeys({ known, place, go, compose: () => openCompose(known), nextHop: () => openNextHop(known) });
fill(at('trouble'));
