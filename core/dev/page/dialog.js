/** Dialogs: one at a time, closed with Escape or its button, and the focus goes back to where it was. */
import { el, fill } from './dom.js';

/** Opens one. @returns what closes it */
export function openDialog(title, content, kind = '') {
  const close = () => dialog.close();
  const dialog = el(
    `dialog${kind === '' ? '' : `.${kind}`}`,
    { 'aria-labelledby': 'dialog-title' },
    el(
      'div.dialog-head',
      {},
      el('h2', { id: 'dialog-title' }, title),
      el('button.button.quiet.square', { type: 'button', 'aria-label': 'Close', click: close }, '×'),
    ),
    content,
  );
  dialog.addEventListener('close', () => dialog.remove());
  // A click beside the dialog meets its backdrop.
  dialog.addEventListener('click', event => {
    if (event.target === dialog) close();
  });
  fill(document.getElementById('dialogs'), dialog);
  dialog.showModal();
  return close;
}
