/** The choice between the states of a mail: as it came, in the queue, as it left. */
import { el } from './dom.js';

export function stateChoice({ details, state, go }) {
  if (details.states.length < 2) return null;
  return el(
    'div.segments',
    { role: 'group', 'aria-label': 'Which state of the mail' },
    details.states.map(({ name, title }) =>
      el('button', { type: 'button', 'aria-pressed': name === state ? 'true' : 'false', click: () => go(name) }, title),
    ),
  );
}
