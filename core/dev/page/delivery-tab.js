/** What became of each recipient: the way to it, every attempt, and what left. */
import { button, el, fill } from './dom.js';
import { clock, distance, exactly, stateWords } from './words.js';

export async function deliveryTab(body, { details, look }) {
  const { recipients, copies, key, kind } = details;
  if (kind === 'refusal') {
    fill(body, el('p.absent', {}, 'It was refused: nothing is delivered.'));
    return;
  }
  fill(
    body,
    el(
      'ul.recipients',
      {},
      recipients.map(one => recipient(one, { copies, key, look })),
    ),
    programs(copies, { key, look }),
  );
}

function recipient({ address, original, via, state, attempts }, context) {
  const [word, colour] = stateWords(state);
  return el(
    'li.recipient',
    {},
    el(
      'div.recipient-head',
      {},
      el('h3.mono', {}, address),
      el(`span.pill${colour === '' ? '' : `.${colour}`}`, {}, word),
    ),
    original === address ? null : el('p.note', {}, 'RCPT said ', el('span.mono', {}, original)),
    via.length === 0
      ? null
      : el(
          'ol.via',
          { 'aria-label': 'How it was reached' },
          via.map(step => el('li', {}, step)),
        ),
    attempts.length === 0
      ? el('p.note', {}, 'No attempt yet.')
      : el(
          'ol.attempts',
          {},
          attempts.map((one, index) => attempt(one, index + 1, context)),
        ),
  );
}

function attempt({ at, kind, text, remote, nextAttempt, copy }, number, { copies, key, look }) {
  const [word, colour] = stateWords(kind);
  const caught = copy === null ? undefined : copies[copy];
  return el(
    'li.attempt',
    {},
    el(
      'div.step-line',
      {},
      el('span.note', { title: exactly(at) }, `Attempt ${number}, ${clock(at)}`),
      el(`span.pill${colour === '' ? '' : `.${colour}`}`, {}, word),
      remote === null ? null : el('span.mono.remote', {}, remote),
      caught?.tls ? el('span.pill', {}, 'TLS') : null,
    ),
    el('p.detail', {}, text),
    nextAttempt === null ? null : el('p.note', {}, `Next attempt ${distance(nextAttempt)}, at ${clock(nextAttempt)}`),
    caught === undefined
      ? null
      : el(
          'div.orders',
          {},
          button('See what left', () => look(key, 'message', `copy-${copy}`), 'button.button.small'),
          button('What changed on the way', () => look(key, 'changes'), 'button.button.small.quiet'),
        ),
  );
}

function programs(copies, { key, look }) {
  const caught = Object.entries(copies).filter(([, { by }]) => by === 'program');
  if (caught.length === 0) return null;
  return el(
    'section.files',
    {},
    el('h3', {}, 'Programs that were not run'),
    el(
      'ul',
      {},
      caught.map(([name, { to }]) =>
        el(
          'li',
          {},
          el('code', {}, to),
          ' ',
          button('See what it would get', () => look(key, 'message', `copy-${name}`), 'button.button.small'),
        ),
      ),
    ),
  );
}
