/**
 * What the store and its worker thread say to each other: calls, each answered by one reply.
 *
 * Everything is plain data that structured cloning carries. Times that go in are milliseconds since the epoch.
 */
import type { Mail } from '../mail/mail.ts';
import type { Trace } from '../mail/trace.ts';
import type {
  Acted,
  Flushed,
  PageRequest,
  QueueEntry,
  QueueFilter,
  QueuePage,
  Suspension,
} from '../plugin/queue-control.ts';
import type { QueueStatistics } from '../plugin/queue-statistics.ts';
import type { Lease } from '../plugin/queue-store.ts';
import type { Fingerprint } from './checked-content.ts';
import type { HistorySettings } from './history-folder.ts';

/** A time that does not come. */
export const NEVER = Number.MAX_SAFE_INTEGER;
/** When mail expires that is to be returned: nothing that keeps its destination back keeps it. */
export const AT_ONCE = 0;

/**
 * Octets in the database, or the name of the spool file that holds them: not both. Of mail that is handed out neither is
 * given where the octets are to be asked for (`octets`).
 */
export interface ContentRow extends Fingerprint {
  readonly octets: Uint8Array<ArrayBuffer> | null;
  readonly spool: string | null;
}

/** Where one recipient waits. */
export interface PlaceRow {
  readonly destination: string;
  readonly priority: number;
  readonly expires: number;
}

/** A mail to be inserted. What ends in `JSON` was encoded by the codec. */
export interface MailRow {
  readonly id: string;
  readonly receivedAt: number;
  /** Position in `contents`: mails of one commit may share one. */
  readonly content: number;
  readonly mailJson: string;
  readonly traceJson: string;
  readonly bounceJson: string | null;
  readonly holdJson: string | null;
  /** In the order of the envelope. */
  readonly places: readonly PlaceRow[];
}

/** Mails that are committed together. */
export interface NewRows {
  readonly contents: readonly ContentRow[];
  readonly mails: readonly MailRow[];
}

/** A mail as it is handed out. */
export interface StoredMail extends Omit<Mail, 'content'> {
  readonly content: ContentRow;
}

/** Mail that was taken. Cloning keeps identity: each `recipient` is an object of the envelope here and there. */
export interface LeaseRow extends Pick<Lease, 'fence' | 'recipients' | 'fate'> {
  readonly mail: StoredMail;
}

/** A mail that was set aside because it cannot be read. */
export interface Damage {
  readonly id: string;
  readonly cause: string;
}

export interface SettlementRow {
  readonly index: number;
  readonly outcomeJson: string;
  /** `null`: done, or set aside. */
  readonly again: { readonly due: number; readonly delayNotified: boolean; readonly expires: number | null } | null;
  /** Why it is set aside, or `null`. */
  readonly damage: string | null;
}

/** Whose work it is, and until when. */
export interface ClaimRow {
  readonly owner: string;
  readonly until: number;
}

/** What a person decided about one mail. */
export interface OrderRow {
  readonly id: string;
  readonly now: number;
  /** Who and why. */
  readonly reasonJson: string;
  /** The order as a step of the trace. */
  readonly stepJson: string;
}

/** Every operation: what it takes and what it gives. */
export interface Operations {
  /** Gives the fence of each mail that was claimed, `null` for the others. */
  commit: {
    input: { readonly rows: NewRows; readonly claim: ClaimRow | null };
    output: readonly (number | null)[];
  };
  lease: {
    input: ClaimRow & {
      readonly now: number;
      readonly limit: number;
      readonly each: number;
      readonly but: ReadonlyMap<string, number>;
      readonly only: readonly string[] | null;
      readonly expiredBefore: number;
    };
    output: { readonly leases: readonly LeaseRow[]; readonly damaged: readonly Damage[] };
  };
  settle: {
    input: {
      readonly id: string;
      readonly fence: number;
      readonly settlements: readonly SettlementRow[];
      /** `null`: nothing is added to the trace. */
      readonly stepsJson: string | null;
      readonly notifications: NewRows;
    };
    output: 'settled' | 'lost';
  };
  backOff: { input: { readonly destination: string; readonly until: number }; output: null };
  renew: {
    input: { readonly leases: readonly { readonly id: string; readonly fence: number }[]; readonly until: number };
    output: null;
  };
  giveBack: { input: { readonly owner: string }; output: null };
  nextDue: { input: { readonly except: readonly string[] }; output: number | null };
  list: { input: PageRequest & { readonly filter: QueueFilter }; output: QueuePage };
  /** The content of a mail that lies in the database; `null` where the mail has left. */
  octets: { input: { readonly id: string }; output: Uint8Array<ArrayBuffer> | null };
  /** Which of these names of spool files no row has. */
  unnamed: { input: { readonly names: readonly string[] }; output: readonly string[] };
  find: {
    input: { readonly id: string };
    output: { readonly entry: QueueEntry; readonly mail: StoredMail | null; readonly trace: Trace } | null;
  };
  retry: { input: OrderRow; output: Acted | null };
  hold: { input: OrderRow; output: Acted | null };
  release: { input: OrderRow; output: Acted | null };
  remove: { input: OrderRow; output: Acted | null };
  bounce: { input: OrderRow & { readonly bounceJson: string }; output: Acted | null };
  flush: {
    input: { readonly destination: string | null; readonly now: number; readonly after: string | null };
    output: Flushed;
  };
  suspend: { input: { readonly destination: string; readonly suspensionJson: string }; output: number };
  resume: { input: { readonly destination: string }; output: number | null };
  suspensions: { input: null; output: readonly Suspension[] };
  statistics: { input: { readonly now: number; readonly top: number }; output: QueueStatistics };
}

export type OperationName = keyof Operations;

/** How the worker performs each operation: synchronously, inside a transaction that the caller holds. */
export type Performers = {
  readonly [K in OperationName]: (input: Operations[K]['input']) => Operations[K]['output'];
};

/** Which operations only look. */
export const LOOKS_ONLY: Readonly<Record<OperationName, boolean>> = {
  commit: false,
  lease: false,
  settle: false,
  backOff: false,
  renew: false,
  giveBack: false,
  nextDue: true,
  octets: true,
  unnamed: true,
  list: true,
  find: true,
  retry: false,
  hold: false,
  release: false,
  remove: false,
  bounce: false,
  flush: false,
  suspend: false,
  resume: false,
  suspensions: true,
  statistics: true,
};

/** One operation to be performed. */
export type Call = {
  readonly [K in OperationName]: {
    readonly number: number;
    readonly kind: K;
    readonly input: Operations[K]['input'];
  };
}[OperationName];

/** What the worker hears: the calls of one turn, in order. */
export type ToWorker = { readonly kind: 'calls'; readonly calls: readonly Call[] } | { readonly kind: 'close' };

/** An error as it crosses the thread boundary: `code` is what `core/mail/failure.ts` looks at. */
export interface Trouble {
  readonly message: string;
  readonly code: string | null;
}

/** The answer to one call. */
export type Reply =
  | { readonly number: number; readonly kind: 'done'; readonly output: unknown }
  | { readonly number: number; readonly kind: 'failed'; readonly trouble: Trouble };

/** How far a queue of an older format is brought up to date. */
export type Update = { readonly from: number; readonly to: number } & (
  | { readonly kind: 'begins'; readonly mails: number }
  /** `done`: a part of 1. */
  | { readonly kind: 'goes-on'; readonly done: number }
  /** `took`: in milliseconds. It holds with the end of the opening. */
  | { readonly kind: 'done'; readonly took: number }
);

/** What the worker says: first how the opening went, then replies in batches. */
export type FromWorker =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly trouble: Trouble }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[] }
  /** Before the opening has ended. */
  | { readonly kind: 'updating'; readonly update: Update }
  /** Octets of the journal could not be read at the start: where a copy of it lies, or `null` where none could be made. */
  | { readonly kind: 'unread'; readonly octets: number; readonly copy: string | null }
  /** Lines of the history could not be written. */
  | { readonly kind: 'forgetful'; readonly trouble: Trouble };

/** How a process uses the folder: `owner` works on the queue, and there is one; a `guest` looks and acts by hand. */
export type Role = 'owner' | 'guest';

/** What the worker is started with. */
export interface WorkerOptions {
  readonly directory: string;
  readonly role: Role;
  /** `again`: after another thread of this process, which still works with its leases and its spool files. */
  readonly begins: 'anew' | 'again';
  /** `off`: the history that is there is removed. A guest goes on with the one that is there. */
  readonly history: HistorySettings | 'off';
}
