/** What the schema cannot see: names that must be unique or exist, ports that collide, certificates, passwords in clear. */
import { isChallengeMechanism } from '../mail/mechanism.ts';
import { didYouMean } from '../plugin/suggest.ts';
import { certificateFaults } from './certificate.ts';
import type { Complaints } from './complaint.ts';
import type { Configuration, ListenerSettings } from './configuration.ts';
import { mentions } from './mentions.ts';
import { type ConfigDocument, type Path, positionAt, valueAt } from './place.ts';
import { readText } from './tags.ts';

/** Checks what entries of a configuration say about each other and about files. */
export function checkReferences(
  document: ConfigDocument,
  configuration: Configuration,
  now: Date,
  complaints: Complaints,
): void {
  const { listeners, plugins, routes } = configuration;
  checkIds(document, listeners, 'id', complaints);
  checkIds(document, plugins, 'as', complaints);
  checkPorts(listeners, complaints);
  for (const listener of listeners) checkListener(listener, now, complaints);
  for (const { path } of [...plugins, ...routes]) {
    const when = [...path, 'when'];
    for (const { name, path } of mentions(valueAt(document, when), 'listener', when)) {
      const ids = listeners.map(({ id }) => id);
      if (ids.includes(name)) continue;
      complaints.error('MF_CONFIG_REFERENCE', path, `there is no listener "${name}"${didYouMean(name, ids)}`);
    }
  }
}

/** The chain speaks of itself under this name. */
const RESERVED = 'mailframe';

function checkIds(
  document: ConfigDocument,
  entries: readonly { readonly id: string; readonly path: Path }[],
  key: 'id' | 'as',
  complaints: Complaints,
): void {
  const first = new Map<string, Path>();
  for (const { id, path } of entries) {
    const at = valueAt(document, [...path, key]) === undefined ? [...path, 'use'] : [...path, key];
    const other = first.get(id);
    const rename = key === 'as' ? ': give one of them another name with as' : '';
    if (id === RESERVED)
      complaints.error('MF_CONFIG_DUPLICATE_ID', at, `"${id}" is the name of the gateway itself${rename}`);
    if (other === undefined) first.set(id, path);
    else {
      const { line } = positionAt(document.place, other, 'value');
      complaints.error('MF_CONFIG_DUPLICATE_ID', at, `"${id}" is taken by the entry on line ${line}${rename}`);
    }
  }
}

function checkPorts(listeners: readonly ListenerSettings[], complaints: Complaints): void {
  listeners.forEach((listener, index) => {
    const other = listeners.slice(0, index).find(one => collide(one, listener));
    if (other === undefined) return;
    const where = `port ${listener.port} of ${listener.address}`;
    complaints.error('MF_LISTENER_PORT', [...listener.path, 'port'], `${where} is taken by the listener "${other.id}"`);
  });
}

function collide(one: ListenerSettings, other: ListenerSettings): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const addresses = [one.address, other.address];
  // The IPv6 wildcard takes IPv4 clients too.
  if (one.address === other.address || addresses.includes('::')) return true;
  return addresses.includes('0.0.0.0') && !addresses.some(address => address.includes(':'));
}

function checkListener(listener: ListenerSettings, now: Date, complaints: Complaints): void {
  const { path, tls } = listener;
  checkPlaintext(listener, complaints);
  checkExternal(listener, complaints);
  if (tls === null) return;
  for (const { at, severity, message } of certificateFaults(tls, readText, now)) {
    complaints[severity]('MF_LISTENER_CERTIFICATE', [...path, 'tls', ...at], message);
  }
}

/** Without TLS a password or a token would be anyone's on the way; what proves that it knows one says none. */
function checkPlaintext({ path, tls, auth, allowPlaintextAuth, mechanisms }: ListenerSettings, complaints: Complaints) {
  if (auth === 'off' || tls !== null || allowPlaintextAuth) return;
  const telling = mechanisms.filter(mechanism => !isChallengeMechanism(mechanism));
  if (telling.length === 0) return;
  const instead = telling.length < mechanisms.length ? `, or leave out ${telling.join(' and ')}` : '';
  const message = `passwords would cross the network unencrypted: add tls, or allowPlaintextAuth: true${instead}`;
  complaints.error('MF_LISTENER_AUTH', [...path, 'auth'], message);
}

/** EXTERNAL takes from the certificate who the client is (RFC 4422 appendix A). */
function checkExternal({ path, tls, mechanisms }: ListenerSettings, complaints: Complaints) {
  const external = mechanisms.indexOf('EXTERNAL');
  if (external === -1 || (tls !== null && tls.clients !== null)) return;
  const message = 'EXTERNAL takes the name from a client certificate, and nobody is asked for one: add tls.clients';
  complaints.error('MF_LISTENER_AUTH', [...path, 'mechanisms', external], message);
}
