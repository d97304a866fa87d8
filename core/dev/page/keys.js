/** The keyboard: all that a pointer can do in the list and the tabs. */

import { TABS } from './detail.js';
import { openDialog } from './dialog.js';
import { el } from './dom.js';
import { entryOf, visible } from './list.js';

const KEYS = [
  ['j', 'k', 'the next mail, the one before'],
  ['1', '…', 'the tabs of a mail, from the left'],
  ['/', null, 'search'],
  ['c', null, 'send a test mail'],
  ['n', null, 'make the next hop fail'],
  ['Esc', null, 'back to the list'],
  ['?', null, 'this help'],
];

export function openHelp() {
  openDialog('Keys', [
    el(
      'dl.keys',
      {},
      KEYS.map(([first, second, what]) => [
        el('dt', {}, el('kbd', {}, first), second === null ? null : [' ', el('kbd', {}, second)]),
        el('dd', {}, what),
      ]),
    ),
    el(
      'p.note',
      {},
      'Everything that this gateway would send ends here: no connection leaves this machine. What plugins and configuration ' +
        'say is as in earnest; save a file of either, and the gateway is started anew.',
    ),
  ]);
}

export function listenToKeys({ known, place, go, compose, nextHop }) {
  addEventListener('keydown', event => {
    const isTyping = event.target.closest?.('input, textarea, select, dialog') !== null;
    if (event.key === 'Escape' && event.target.id === 'search') event.target.blur();
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = actionFor(event.key);
    if (act === null) return;
    event.preventDefault();
    act();
  });

  function actionFor(key) {
    const tab = TABS[Number(key) - 1];
    if (tab !== undefined && place().key !== null) return () => go(place().key, tab.name);
    switch (key) {
      case 'j':
        return () => move(1);
      case 'k':
        return () => move(-1);
      case '/':
        return () => document.getElementById('search').focus();
      case 'c':
        return compose;
      case 'n':
        return nextHop;
      case '?':
        return openHelp;
      case 'Escape':
        return place().key === null ? null : () => go(null);
      default:
        return null;
    }
  }

  function move(by) {
    const shown = visible(known);
    const now = shown.findIndex(({ key }) => key === place().key);
    const next = shown[now === -1 ? 0 : Math.min(Math.max(now + by, 0), shown.length - 1)];
    if (next === undefined) return;
    go(next.key);
    entryOf(next.key)?.scrollIntoView({ block: 'nearest' });
  }
}
