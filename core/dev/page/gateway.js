/** What the page says of the gateway: whether it runs, where it listens, what keeps it from running. */
import { copyable, el, fill } from './dom.js';
import { faultWords } from './next-hop.js';
import { post } from './server.js';
import { count } from './words.js';

const at = id => document.getElementById(id);

export function showGateway({ status, fault, dns, mailbox, connected }) {
  const running = connected ? (status?.running ?? 'starting') : 'down';
  const listeners = status?.listeners ?? [];
  fill(
    at('gateway'),
    el(`span.dot.${running}`, { 'aria-hidden': 'true' }),
    el(
      'span.name',
      {},
      connected ? wordsFor(running, status) : 'mailframe dev has ended; start it again in the terminal',
    ),
    listeners.map(({ id, address, port, insteadOf }) =>
      el('span.listener', { title: listenerTitle(id, insteadOf) }, copyable(`${address}:${port}`)),
    ),
  );
  const isFailing = fault.manner !== 'none';
  fill(at('next-hop'), `Next hop: ${faultWords(fault)}`);
  at('next-hop').classList.toggle('failing', isFailing);
  fill(at('trouble'), ...troubleOf(status));
  at('trouble').classList.toggle('mild', status?.complaints.length === 0 && status.trouble === null);
  fill(
    at('foot'),
    el('span', {}, dns === 'invented' ? 'DNS is invented: every domain leads here' : 'DNS is live'),
    el('span', {}, 'All that would leave: ', el('code', { title: mailbox }, mailbox.split('/').slice(-2).join('/'))),
    status?.because && status.running === 'running' && status.complaints.length === 0 && status.trouble === null
      ? el('span', {}, `Started anew for ${nameOf(status.because)}`)
      : null,
  );
}

function wordsFor(running, status) {
  if (running === 'running') return status?.plan?.hostname ?? 'running';
  return running === 'starting' ? 'starting …' : 'is down';
}

function listenerTitle(id, insteadOf) {
  return insteadOf === null ? `listener ${id}` : `listener ${id}; its port ${insteadOf} could not be had`;
}

function troubleOf(status) {
  if (status === null) return [];
  if (status.complaints.length === 0 && status.trouble === null) return warningsOf(status.plan?.warnings ?? []);
  const goesOn =
    status.running === 'running' ? 'The gateway of before goes on until this is mended.' : 'Waiting for a change.';
  return [
    el('h2', {}, `${status.complaints.length > 0 ? 'The configuration cannot run. ' : 'The gateway broke. '}${goesOn}`),
    el('ul', {}, status.complaints.map(complaintLine)),
    status.trouble === null ? null : el('pre', {}, status.trouble),
    status.running === 'down'
      ? el('button.button.small', { type: 'button', click: () => void post('/api/restart') }, 'Try again')
      : null,
  ].filter(one => one !== null);
}

function warningsOf(warnings) {
  if (warnings.length === 0) return [];
  const words = `${count(warnings.length, 'warning')} of the configuration`;
  return [el('details.warnings', {}, el('summary', {}, words), el('ul', {}, warnings.map(complaintLine)))];
}

function complaintLine({ file, line, column, path, message, severity }) {
  return el(`li.${severity}`, {}, `${nameOf(file)}:${line}:${column}: ${pathWords(path)}${message}`);
}

function nameOf(file) {
  return file.split('/').at(-1);
}

function pathWords(path) {
  if (path.length === 0) return '';
  const words = path.map(part => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return `${words.replace(/^\./, '')}: `;
}
