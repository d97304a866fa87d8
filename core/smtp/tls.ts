/** TLS as plugins see it (RFC 3207, RFC 8314). */

import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Tls } from '../mail/session.ts';

/** What the handshake agreed on; `null` for a socket without TLS. */
export function tlsOf(socket: Socket): Tls | null {
  if (!(socket instanceof TLSSocket)) return null;
  const { servername } = socket as { readonly servername?: unknown };
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: socket.getCipher().standardName,
    servername: typeof servername === 'string' && servername !== '' ? servername : null,
    certificate: null,
  };
}
