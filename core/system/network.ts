/** The network port over node:net. */
import { connect, isIP, type NetConnectOpts } from 'node:net';
import { isAbsolute } from 'node:path';
import { addressName, type Destination, type Network } from '../plugin/ports.ts';

/** An error of the kind that node:net itself emits. */
function failure(code: string, destination: Destination): Error {
  return Object.assign(new Error(`connect ${code} ${addressName(destination)}`), { code });
}

/** `null`: it would be looked up behind the resolver's back, or depend on the folder that we were started in. */
function optionsFor(destination: Destination): NetConnectOpts | null {
  if ('socket' in destination) return isAbsolute(destination.socket) ? { path: destination.socket } : null;
  const { address, port } = destination;
  return isIP(address) === 0 ? null : { host: address, port, noDelay: true };
}

/** The network of this machine. */
export const systemNetwork: Network = {
  connect: (destination, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const options = optionsFor(destination);
      if (options === null) return reject(failure('EINVAL', destination));
      const socket = connect(options);
      const fail = (error: unknown) => {
        leave();
        socket.destroy();
        reject(error);
      };
      const abort = () => fail(signal.reason);
      const timer = setTimeout(() => fail(failure('ETIMEDOUT', destination)), destination.timeout);
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
