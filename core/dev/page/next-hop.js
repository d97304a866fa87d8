/** The switches that make the next hop fail: a place in the session, and a manner. */
import { openDialog } from './dialog.js';
import { el } from './dom.js';
import { post } from './server.js';

const PLACES = {
  connect: 'On connecting',
  greeting: 'Instead of its greeting',
  starttls: 'At STARTTLS',
  mail: 'At MAIL',
  rcpt: 'At RCPT',
  data: 'At DATA',
  content: 'After the final dot',
};

const SHORT = {
  connect: 'on connecting',
  greeting: 'at its greeting',
  starttls: 'at STARTTLS',
  mail: 'at MAIL',
  rcpt: 'at RCPT',
  data: 'at DATA',
  content: 'after the dot',
};

const MANNERS = {
  refuse: ['Refuses', 'refuses'],
  'no answer': ['Does not answer', 'does not answer'],
  slow: ['Takes 10 s', 'is slow'],
  later: ['Says 4yz', 'says 4yz'],
  never: ['Says 5yz', 'says 5yz'],
  'hang up': ['Hangs up', 'hangs up'],
  silence: ['Falls silent', 'falls silent'],
};

const SPOKEN = ['later', 'never', 'hang up', 'silence'];
const OFFERED = {
  connect: ['refuse', 'no answer', 'slow'],
  greeting: SPOKEN,
  starttls: ['later', 'hang up'],
  mail: SPOKEN,
  rcpt: SPOKEN,
  data: SPOKEN,
  content: SPOKEN,
};

export function faultWords({ place, manner }) {
  if (manner === 'none') return 'takes all';
  return `${MANNERS[manner][1]} ${SHORT[place]}`;
}

export function openNextHop({ fault }) {
  const choice = (place, manner, label) => {
    const isChosen = fault.manner === manner && (manner === 'none' || fault.place === place);
    const input = el('input', {
      type: 'radio',
      name: 'fault',
      value: `${place}/${manner}`,
      checked: isChosen,
      autofocus: isChosen,
    });
    input.addEventListener('change', () => void post('/api/fault', { place, manner }));
    return el('label.choice', {}, input, el('span', {}, label));
  };
  openDialog('How the next hop behaves', [
    el(
      'p.note',
      {},
      'Every transport that connects to somebody meets this. What is kept waiting stays in the queue: mend it here, then ' +
        '“Retry now” on the mail.',
    ),
    el('div.choices', {}, choice('connect', 'none', 'It takes everything')),
    el(
      'table.faults',
      {},
      el(
        'tbody',
        {},
        Object.entries(OFFERED).map(([place, manners]) =>
          el(
            'tr',
            {},
            el('th', { scope: 'row' }, PLACES[place]),
            el(
              'td',
              {},
              el(
                'div.choices',
                {},
                manners.map(manner => choice(place, manner, MANNERS[manner][0])),
              ),
            ),
          ),
        ),
      ),
    ),
  ]);
}
