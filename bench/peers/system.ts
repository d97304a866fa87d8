/** A mail system that can be measured. */
import type { Goal, SystemName } from './load.ts';

/** What a system is started for. */
export interface Assignment {
  /** Its own, on the disk that all systems share. */
  readonly folder: string;
  readonly goal: Goal;
  /** Where the next hop listens. */
  readonly nextHop: number;
}

/** One that runs. */
export interface RunningSystem {
  readonly port: number;
  /** The ancestor of all its processes. */
  readonly pid: number;
  /** Where its mbox files are, one a user. */
  readonly mailboxes: string;
  /** What it said. */
  readonly log: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** One that is installed. */
export interface MailSystem {
  readonly name: SystemName;
  readonly version: string;
  /** What is not as it is shipped. */
  readonly differences: string;
  /** Where its mail can end. */
  readonly goals: readonly Goal[];
  start(assignment: Assignment): Promise<RunningSystem>;
}

/** Why one is not there, and what to do about it. */
export interface Absent {
  readonly name: SystemName;
  readonly absent: string;
}
