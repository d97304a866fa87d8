/** What stands where no mail is chosen: how to send a first one. */
import { copyable, el } from './dom.js';

export function welcome({ messages, status }) {
  if (messages.size > 0)
    return el('p.absent', {}, 'Choose a mail. The keys j and k lead through the list, ? shows all of them.');
  const { address = '127.0.0.1', port = 2525 } = status?.listeners[0] ?? {};
  const to = status?.plan?.exampleRecipient ?? 'hello@example.test';
  const compose = () => dispatchEvent(new Event('mailframe:compose'));
  return el(
    'div.welcome',
    {},
    el('img', { src: '/page/icon.svg', alt: '', width: 56, height: 56 }),
    el('h2', {}, 'Waiting for a first mail'),
    el(
      'p',
      {},
      'Whatever this gateway takes, refuses or wants to send shows here at once. Nothing leaves this machine.',
    ),
    el('button.button.primary', { type: 'button', click: compose }, 'Send a test mail'),
    el('p.note', {}, 'or from a terminal'),
    el(
      'div.commands',
      {},
      copyable(`npx mailframe send --server ${address}:${port} --to ${to}`),
      copyable(`swaks --server ${address}:${port} --to ${to}`),
    ),
  );
}
