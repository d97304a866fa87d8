/** The parts of a mail as a tree, and one of them with what it holds. */
import { el, fill } from './dom.js';
import { htmlFrame } from './html-frame.js';
import { safeName, textOf } from './message-tab.js';
import { address, get } from './server.js';
import { stateChoice } from './states.js';
import { size } from './words.js';

/** The server shows no others. */
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

export async function partsTab(body, context) {
  const { details, state } = context;
  const where = { key: details.key, state };
  const { message, frames } = await get(address(details.key, state, 'read'));
  const stage = el('div.part', { 'aria-live': 'polite' });
  const show = part => {
    fill(stage, partView(part, { ...where, frames }));
    for (const row of tree.querySelectorAll('button')) {
      row.setAttribute('aria-pressed', row.dataset.path === part.path ? 'true' : 'false');
    }
  };
  const tree = el('ul.tree', { 'aria-label': 'Parts' }, branch(message.root, show));
  fill(body, stateChoice(context), signatures(message), el('div.parts', {}, tree, stage));
  show(firstText(message.root) ?? message.root);
}

function branch(part, show) {
  const { path, type, name, size: octets, travels, children } = part;
  return el(
    'li',
    {},
    el(
      'button',
      { type: 'button', 'data-path': path, click: () => show(part) },
      el('span.number', {}, path === '' ? 'mail' : path),
      el('span.type', {}, type),
      name === null ? null : el('span.name', {}, name),
      el('span.size', {}, size(octets ?? travels)),
    ),
    children.length === 0
      ? null
      : el(
          'ul',
          {},
          children.map(child => branch(child, show)),
        ),
  );
}

function partView(part, where) {
  const {
    path,
    type,
    parameters,
    encoding,
    disposition,
    name,
    otherNames,
    description,
    travels,
    size: octets,
    signedBy,
  } = part;
  const rows = {
    Type: [type, ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`)].join('; '),
    Encoding: encoding,
    Disposition: disposition,
    Name: name,
    'Other names': otherNames.length === 0 ? null : otherNames.join(', '),
    Description: description,
    Size: octets === null ? size(travels) : `${size(octets)}, ${size(travels)} as it travels`,
    'Signed by': signedBy.length === 0 ? null : signedBy.map(one => `part ${one === '' ? 'mail' : one}`).join(', '),
  };
  const file = safeName(name ?? `part-${path === '' ? 'mail' : path}`);
  return [
    el(
      'dl.fields',
      {},
      Object.entries(rows)
        .filter(([, value]) => value !== null)
        .map(([key, value]) => [el('dt', {}, key), el('dd', {}, value)]),
    ),
    el('p', {}, el('a', { href: address(where.key, where.state, 'part', path), download: file }, 'Save it, decoded')),
    holdings(part, where),
  ];
}

function holdings(part, where) {
  const { shown } = part;
  switch (shown.kind) {
    case 'text':
      return shown.source === null ? textOf(part) : [htmlFrame(part, where), htmlSource(shown)];
    case 'report':
      return shown.blocks.map(block =>
        el(
          'dl.fields.block',
          {},
          block.map(({ name, text }) => [el('dt', {}, name), el('dd', {}, text)]),
        ),
      );
    case 'signature':
      return el('p.note', {}, 'A signature over the part beside it.');
    case 'encrypted':
      return el('p.note', {}, `Encrypted with ${shown.by}: nobody can read it without a key.`);
    case 'too-complex':
      return el('p.note', {}, `More than ${shown.limit} ${shown.what}: it is not taken apart.`);
    default:
      return PICTURES.includes(part.type)
        ? el('img.picture', {
            src: address(where.key, where.state, 'picture', part.path),
            alt: part.name ?? 'a picture of the mail',
          })
        : null;
  }
}

function htmlSource({ source }) {
  return el('details', {}, el('summary', {}, 'Its source'), el('pre.text.code', {}, source));
}

function signatures({ signatures: found, coverage }) {
  if (found.length === 0) return null;
  const words = {
    whole: 'all that is shown is signed',
    part: 'not all that is shown is signed',
    none: 'nothing that is shown is signed',
  };
  return el(
    'ul.chips',
    { 'aria-label': 'Signatures in the mail' },
    found.map(({ kind, covers }) => el('li.chip', {}, el('b', {}, kind), ` ${covers}`)),
    el('li.chip', {}, words[coverage]),
  );
}

function firstText(part) {
  if (part.shown.kind === 'text') return part;
  for (const child of part.children) {
    const found = firstText(child);
    if (found !== null) return found;
  }
  return null;
}
