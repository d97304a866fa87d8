/** What is different between the states of a mail: what came, what lies in the queue, what left. */
import { el, fill } from './dom.js';

export async function changesTab(body, { details }) {
  const { states } = details;
  const titles = new Map(states.map(({ name, title }) => [name, title]));
  const compared = states.filter(({ diff }) => diff !== null);
  if (compared.length === 0) {
    const words =
      details.kind === 'refusal'
        ? 'It was refused: this is as it came.'
        : 'No plugin looks at content, so it lies in the queue as it came.';
    fill(body, el('p.absent', {}, words));
    return;
  }
  fill(
    body,
    compared.map(one => transition(one, titles)),
  );
}

function transition({ title, madeOf, diff }, titles) {
  const { fields, body, changed } = diff;
  const show = el('input', { type: 'checkbox' });
  const lines = el('div.diff', { role: 'table', 'aria-label': 'Fields of the header' });
  const fillLines = () => fill(lines, fields.filter(({ kind }) => show.checked || kind !== 'same').map(line));
  show.addEventListener('change', fillLines);
  fillLines();
  return el(
    'section.transition',
    {},
    el('h3', {}, el('span.note', {}, `${titles.get(madeOf)} → `), title),
    changed ? null : el('p.note', {}, 'Nothing: every octet is the same.'),
    changed ? lines : null,
    changed
      ? el(
          'p.note',
          {},
          body === 'same' ? 'The body is the same, to the octet. ' : 'The body is another one. ',
          el('label', {}, show, ' all fields'),
        )
      : null,
  );
}

const MARKS = { added: '+', removed: '−', same: ' ' };
const WORDS = { added: 'added', removed: 'removed', same: 'as it was' };

function line({ kind, name, text }) {
  return el(
    `div.diff-line.${kind}`,
    { role: 'row' },
    el('span.mark', { role: 'cell', 'aria-label': WORDS[kind] }, MARKS[kind]),
    el('span', { role: 'cell' }, el('b', {}, `${name}:`), ` ${text}`),
  );
}
