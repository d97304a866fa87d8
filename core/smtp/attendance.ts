/**
 * Who is there on one listener, and what is known of them: outlives the settings of the listener, so that a change of them
 * gives nobody a second share.
 */
import type { Limits } from '../mail/limits.ts';
import { ClientNames } from './client-names.ts';
import { Crowd } from './crowd.ts';
import type { Reception } from './reception.ts';

export class Attendance {
  /** What each client has and does. */
  readonly crowd: Crowd;
  readonly names: ClientNames;
  /** Sessions, and sockets that are about to have one. */
  present = 0;

  constructor(limits: Limits, reception: Reception) {
    this.crowd = new Crowd(limits, reception.clock);
    this.names = new ClientNames(reception);
  }
}
