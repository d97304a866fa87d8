/** The network port over node:net. */
import { connect, isIP } from 'node:net';
import type { Destination, Network } from '../plugin/ports.ts';

/** An error of the kind that node:net itself emits. */
function failure(code: string, { address, port }: Destination): Error {
  return Object.assign(new Error(`connect ${code} ${address}:${port}`), { code });
}

/** The network of this machine. */
export const systemNetwork: Network = {
  connect: (destination, signal) =>
    new Promise((resolve, reject) => {
      const { address, port, timeout } = destination;
      if (signal.aborted) return reject(signal.reason);
      // Anything else would be looked up behind the resolver's back.
      if (isIP(address) === 0) return reject(failure('EINVAL', destination));
      const socket = connect({ host: address, port, noDelay: true });
      const fail = (error: unknown) => {
        leave();
        socket.destroy();
        reject(error);
      };
      const abort = () => fail(signal.reason);
      const timer = setTimeout(() => fail(failure('ETIMEDOUT', destination)), timeout);
      const leave = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abort);
        socket.removeListener('error', fail);
      };
      signal.addEventListener('abort', abort);
      socket.once('error', fail);
      socket.once('connect', () => {
        leave();
        resolve(socket);
      });
    }),
};
