/** The form that sends a test mail through a listener, and the dialogue that came of it. */
import { openDialog } from './dialog.js';
import { el, fill } from './dom.js';
import { post } from './server.js';

const KINDS = {
  plain: 'Plain text',
  html: 'HTML, a picture and a file',
  large: 'Large: 3 MiB',
  hostile: 'Hostile HTML',
  eml: 'A file of mine (.eml)',
};

/** What was sent last is what is sent next. */
const last = {
  from: 'sender@client.test',
  to: '',
  subject: 'First light',
  text: 'It works.\n',
  kind: 'plain',
  listener: '',
};

export function openCompose({ status }) {
  const listeners = status?.listeners ?? [];
  const outcome = el('div.outcome', { 'aria-live': 'polite' });
  const file = el('input', { type: 'file', accept: '.eml,message/rfc822', name: 'file' });
  const kind = select('kind', Object.entries(KINDS), last.kind);
  const listener = select(
    'listener',
    listeners.map(({ id, address, port }) => [id, `${id}, ${address}:${port}`]),
    last.listener,
  );
  const to = last.to === '' ? (status?.plan?.exampleRecipient ?? 'hello@example.test') : last.to;
  const login = el(
    'div.pair',
    {},
    field('User', input('user', '')),
    field('Password', input('password', '', 'password')),
  );
  const written = el(
    'div',
    {},
    field('Subject', input('subject', last.subject)),
    field('Text', el('textarea', { name: 'text', rows: 4 }, last.text)),
  );
  const chosen = field('File', file);
  const submit = el('button.button.primary', { type: 'submit' }, 'Send');
  const form = el(
    'form.compose',
    { submit: event => void send(event) },
    el('div.pair', {}, field('From', input('from', last.from)), field('To', input('to', to), 'several with a comma')),
    el('div.pair', {}, field('What', kind), field('Through', listener)),
    written,
    chosen,
    login,
    el('div.dialog-foot', {}, submit),
    outcome,
  );
  const close = openDialog('Send a test mail', [form], 'wide');
  const adapt = () => {
    written.hidden = kind.value === 'eml';
    chosen.hidden = kind.value !== 'eml';
    login.hidden = (listeners.find(({ id }) => id === listener.value)?.auth ?? 'off') === 'off';
  };
  form.addEventListener('change', adapt);
  adapt();

  async function send(event) {
    event.preventDefault();
    const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === 'string'));
    Object.assign(last, { ...body, password: '' });
    submit.disabled = true;
    try {
      if (body.kind === 'eml') body.eml = await base64(file.files[0]);
      fill(outcome, ...dialogue(await post('/api/send', body), close));
    } catch (error) {
      fill(outcome, el('p.failed', {}, error.message));
    } finally {
      submit.disabled = false;
    }
  }
}

function dialogue({ taken, dialogue: exchanges, broken }, close) {
  const [, id] = /queued as (\S+)/.exec(exchanges.map(({ reply }) => reply).join('\n')) ?? [];
  return [
    el(
      'div.verdict',
      {},
      el(`span.pill.${taken ? 'green' : 'red'}`, {}, taken ? 'Taken' : 'Not taken'),
      el('span.last', {}, broken ?? exchanges.findLast(({ said }) => said !== 'QUIT')?.reply ?? ''),
      id === undefined
        ? null
        : el('a.button.small', { href: `#/${encodeURIComponent(id)}`, click: close }, 'Look at it'),
    ),
    el(
      'details',
      { open: !taken },
      el('summary', {}, 'The dialogue'),
      el(
        'pre.dialogue',
        {},
        exchanges.flatMap(({ said, reply, accepted }) => [
          el('span.said', {}, `C: ${said}\n`),
          el(`span${accepted ? '' : '.refused'}`, {}, `${reply.replace(/^/gm, 'S: ')}\n`),
        ]),
      ),
    ),
  ];
}

function field(label, control, hint = '') {
  return el('label.field', {}, el('span', {}, label, hint === '' ? null : el('small', {}, ' ', hint)), control);
}

function input(name, value, type = 'text') {
  return el('input', { name, value, type, autocomplete: 'off', spellcheck: 'false' });
}

function select(name, options, chosen) {
  return el(
    'select',
    { name },
    options.map(([value, label]) => el('option', { value, selected: value === chosen }, label)),
  );
}

async function base64(file) {
  if (file === undefined) throw new Error('Choose a file first.');
  const octets = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let at = 0; at < octets.length; at += 32_768) text += String.fromCharCode(...octets.subarray(at, at + 32_768));
  return btoa(text);
}
