/**
 * The ports: all that a plugin may use to see or change the world outside its subject.
 *
 * `explain`, `replay` and the tests mount the same plugins on ports that answer but do not act.
 */
import type { Socket } from 'node:net';
import type { Resolver } from './dns.ts';
import type { LogEvent } from './log-event.ts';
import { token } from './token.ts';

export type * from './dns.ts';

/** Time. */
export interface Clock {
  now(): Date;
  /** Milliseconds from an arbitrary start, never going back. For measuring. */
  monotonic(): number;
  /** Resolves after that many milliseconds; rejects with the signal's reason when it is aborted. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Randomness. */
export interface Random {
  bytes(count: number): Buffer;
  /** A whole number from 0 up to, but not including, `bound`. */
  below(bound: number): number;
}

/** What is known of a file without reading it. */
export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
  /** User id of the owner. */
  readonly owner: number;
  /** How many names it has: more than one means a hard link. */
  readonly links: number;
  readonly modifiedAt: Date;
  /** Device and inode: the same file has the same identity. */
  readonly identity: string;
}

/** A file that is open. */
export interface OpenFile {
  facts(): Promise<FileFacts>;
  /** Up to `length` octets from `position`; fewer at the end of the file. */
  read(position: number, length: number): Promise<Buffer>;
  /** Writes all octets at `position`. */
  write(octets: Buffer, position: number): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Gives it to another user and group, by number; `null` leaves one as it is. */
  own(user: number | null, group: number | null): Promise<void>;
  /** Resolves when what was written is on the disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The file system. Relative paths are relative to the configuration's folder. Errors carry the errno as `code`. */
export interface Files {
  /**
   * The address of a module whose `blockingFiles(folder)` are the same files, and block their thread at every call: for
   * plugins with threads of their own. Absent where the files are not those of the machine.
   */
  readonly blocking?: string;
  /** The absolute path that a configured path stands for. */
  resolve(path: string): string;
  read(path: string): Promise<Buffer>;
  /** `null` where there is nothing. Does not follow a link. */
  facts(path: string): Promise<FileFacts | null>;
  /** The names in a folder, sorted. */
  list(path: string): Promise<readonly string[]>;
  /** Makes the folder and those above it; says nothing if it is there. `mode` for the new ones. */
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** `append`: made if missing, never through a symbolic link. `create`: fails with EEXIST if it is there. */
  open(path: string, how: 'read' | 'append' | 'create', mode?: number): Promise<OpenFile>;
  /** Replaces the file in one step: readers see the old octets or the new ones. */
  replace(path: string, octets: Buffer, mode?: number): Promise<void>;
  /** Adds to the end of a file in one step, whoever else does so. Made if missing, never through a symbolic link. Not synced. */
  append(path: string, octets: Buffer, mode?: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for the same file; fails with EEXIST if it is taken. */
  link(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes renames and new names in the folder durable. */
  syncDirectory(path: string): Promise<void>;
}

/** A port of an IP address. */
export interface InternetAddress {
  /** An IP address: names are for the resolver. */
  readonly address: string;
  readonly port: number;
}

/** A Unix socket of this machine. */
export interface UnixSocket {
  /** Its absolute path. */
  readonly socket: string;
}

/** Where a connection is to lead. */
export type Destination = (InternetAddress | UnixSocket) & {
  /** In milliseconds. */
  readonly timeout: number;
};

/** As messages name it: `192.0.2.1:25`, or the path of a socket. */
export function addressName(to: InternetAddress | UnixSocket): string {
  return 'socket' in to ? to.socket : `${to.address}:${to.port}`;
}

/** Outgoing connections. */
export interface Network {
  /** A connected socket; rejects with the errno as `code`. */
  connect(destination: Destination, signal: AbortSignal): Promise<Socket>;
}

/** A program to be run. No shell looks at it. */
export interface Command {
  /** An absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  /** All of its environment: nothing of ours is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Where it runs: an absolute path. */
  readonly directory: string;
  /** As whom it runs, by number; `null`: as we do. */
  readonly user: number | null;
  readonly group: number | null;
  /** Of what it says on each of its two outputs, so much is kept: in UTF-16 units. */
  readonly outputLimit: number;
}

/** How a program has ended. */
export interface Ended {
  /** Its exit code, or `null` where a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Programs of this machine. */
export interface Processes {
  /**
   * Runs a program to its end, and gives it the input. It need not read all of that. When the signal is aborted it is asked
   * to end, and ended after a while, with all that it has started.
   * @throws the errno as `code` where it cannot be started, and whatever the input throws: then it was ended before.
   */
  run(command: Command, input: AsyncIterable<Buffer>, signal: AbortSignal): Promise<Ended>;
}

/** Fields of a log line. Never put content or secrets in them. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One of ours, which editors offer, or one of a plugin's own. */
export type EventName = LogEvent | (string & {});

/** The log. `event` is a past participle: `accepted`, `refused`, `delivered`. */
export interface Log {
  debug(event: EventName, fields?: LogFields): void;
  info(event: EventName, fields?: LogFields): void;
  warn(event: EventName, fields?: LogFields): void;
  error(event: EventName, fields?: LogFields): void;
  /** A log that adds these fields to every line. */
  child(fields: LogFields): Log;
}

/** Who we are, as the configuration says. */
export interface Identity {
  /** The fully qualified name used in greetings, `Received`, HELO and DSNs. */
  readonly hostname: string;
  /** The entry's id in the plugin list. */
  readonly plugin: string;
}

export const CLOCK = token<Clock>('clock');
export const RANDOM = token<Random>('random');
export const RESOLVER = token<Resolver>('resolver');
export const FILES = token<Files>('files');
export const NETWORK = token<Network>('network');
export const PROCESSES = token<Processes>('processes');
export const LOG = token<Log>('log');
export const IDENTITY = token<Identity>('identity');
