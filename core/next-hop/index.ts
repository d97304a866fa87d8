/**
 * The door to next hops: what plugins that give mail to other machines have in common. Like the front door, it is for
 * plugins; unlike it, for those of this project alone.
 */
export { NEXT_HOP_NEEDS, type NextHopOptions, NextHops } from './next-hops.ts';
export {
  checkSessionOptions,
  EXPOSED_PASSWORD,
  exposesPassword,
  sessionOptions,
  tlsOption,
} from './session-options.ts';
export type { Hops, SocketHop } from './targets.ts';
