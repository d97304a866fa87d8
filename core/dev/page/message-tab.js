/** A mail as its reader would see it: the header that matters, and the text, HTML in a frame that can do nothing. */
import { el, fill } from './dom.js';
import { htmlFrame } from './html-frame.js';
import { address, get } from './server.js';
import { stateChoice } from './states.js';
import { count, size } from './words.js';

export async function messageTab(body, context) {
  const { details, state } = context;
  const { message, frames } = await get(address(details.key, state, 'read'));
  const { root } = message;
  fill(
    body,
    stateChoice(context),
    header(root.header),
    verdicts(details.facts),
    forms(root, { key: details.key, state, frames }),
    files(root, { key: details.key, state }),
  );
}

function header(fields) {
  if (fields === null) return null;
  return [
    el(
      'dl.fields',
      {},
      fields.shown.map(({ name, text }) => [el('dt', {}, name), el('dd', {}, text)]),
    ),
    fields.oddities.length === 0
      ? null
      : el(
          'ul.oddities',
          {},
          fields.oddities.map(text => el('li', {}, text)),
        ),
  ];
}

/** What plugins found out. */
function verdicts(facts) {
  const found = Object.entries(facts).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  if (found.length === 0) return null;
  return el(
    'ul.chips',
    { 'aria-label': 'What plugins found out' },
    found.map(([name, value]) => {
      const text = Array.isArray(value) ? value.join(', ') : String(value);
      return el(`li.chip${chipColour(text)}`, {}, el('b', {}, name), ' ', text);
    }),
  );
}

/** Verdicts whose words leave no doubt. */
function chipColour(text) {
  if (/^(?:good|pass)$/.test(text)) return '.green';
  return /^(?:bad|fail|revoked)$/.test(text) ? '.red' : '';
}

/** Texts for reading, one after the other; where there are two forms of one, a choice. */
function forms(root, where) {
  const texts = leaves(root).filter(({ shown }) => shown.kind === 'text' && shown.place === 'body');
  const html = texts.filter(({ shown }) => shown.source !== null);
  const plain = texts.filter(({ shown }) => shown.source === null);
  if (texts.length === 0) return el('p.absent', {}, 'There is no text in it.');
  const stage = el('div.stage');
  const show = name => {
    const shown =
      name === 'html' ? html.map(part => htmlFrame(part, where)) : (plain.length > 0 ? plain : html).map(textOf);
    fill(stage, shown);
    for (const one of choice.querySelectorAll('button')) {
      one.setAttribute('aria-pressed', one.dataset.form === name ? 'true' : 'false');
    }
  };
  const choice = el(
    'div.segments.small',
    { role: 'group', 'aria-label': 'Which form of the text' },
    ['html', 'text'].map(name =>
      el('button', { type: 'button', 'data-form': name, click: () => show(name) }, name === 'html' ? 'HTML' : 'Text'),
    ),
  );
  show(html.length > 0 ? 'html' : 'text');
  return [html.length > 0 ? choice : null, stage];
}

export function textOf({ shown: { text, truncated } }) {
  return [el('pre.text', {}, text), truncated ? el('p.note', {}, 'There is more; the file has all of it.') : null];
}

function files(root, { key, state }) {
  const attached = leaves(root).filter(
    ({ shown, name }) =>
      shown.kind === 'file' || (shown.kind === 'text' && shown.place === 'attached' && name !== null),
  );
  if (attached.length === 0) return null;
  return el(
    'section.files',
    {},
    el('h3', {}, count(attached.length, 'file')),
    el(
      'ul',
      {},
      attached.map(({ path, name, type, size: octets }) =>
        el(
          'li',
          {},
          el(
            'a',
            { href: address(key, state, 'part', path), download: safeName(name ?? `part-${path}`) },
            name ?? type,
          ),
          el('span.note', {}, ` ${type}, ${size(octets ?? 0)}`),
        ),
      ),
    ),
  );
}

export function leaves(part) {
  return part.children.length === 0 ? [part] : part.children.flatMap(leaves);
}

/** A name that a stranger chose, for a file on this machine. */
export function safeName(name) {
  return name.replaceAll(/[^\p{L}\p{N}._ -]/gu, '_').replace(/^\.+/, '_');
}
