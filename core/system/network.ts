/** The network port over node:net. */
import { connect } from 'node:net';
import type { Network } from '../plugin/ports.ts';

/** An error of the kind that node:net itself emits. */
function timedOut(address: string, port: number): Error {
  return Object.assign(new Error(`connect ETIMEDOUT ${address}:${port}`), { code: 'ETIMEDOUT' });
}

/** The network of this machine. */
export const systemNetwork: Network = {
  connect: ({ address, port, timeout }, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const socket = connect({ host: address, port, noDelay: true });
      const fail = (error: unknown) => {
        leave();
        socket.destroy();
        reject(error);
      };
      const abort = () => fail(signal.reason);
      const timer = setTimeout(() => fail(timedOut(address, port)), timeout);
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
