/**
 * A configuration, checked and complete: what the file says, with every default filled in.
 *
 * Sizes are in octets, durations in milliseconds, paths absolute.
 */
import type { Mailbox } from '../mail/address.ts';
import type { Condition } from '../mail/condition.ts';
import type { DestinationRule } from '../mail/destination.ts';
import type { Limits } from '../mail/limits.ts';
import type { Mechanism } from '../mail/mechanism.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Host } from '../mail/route.ts';
import type { RouteTls } from '../mail/tls-demand.ts';
import type { Path } from './place.ts';

/** A certificate and its key. */
export interface KeyPairFiles {
  /** PEM file: the certificate, then those that lead to a root. */
  readonly cert: string;
  /** PEM file. */
  readonly key: string;
}

/** Certificates, and how clients are to use them. The first is shown where no other is for the name that is asked for. */
export interface TlsSettings extends KeyPairFiles {
  /** `implicit`: TLS from the first octet (RFC 8314). */
  readonly mode: 'starttls' | 'implicit';
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** For other names. */
  readonly more: readonly KeyPairFiles[];
  /** `null`: nobody is asked for a certificate. */
  readonly clients: {
    /** PEM file: the certificates that those of clients must lead to. */
    readonly authorities: string;
    readonly certificate: 'optional' | 'required';
  } | null;
}

/** One address and port where clients may come. */
export interface ListenerSettings {
  readonly id: string;
  readonly protocol: 'smtp' | 'lmtp';
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** `submission`: clients are our own users, whose mail is completed and who can be told by notifications (RFC 6409). */
  readonly role: 'inbound' | 'submission';
  /** The largest content. */
  readonly maxSize: number;
  /** What becomes of a CR or LF alone, and of NUL: the mail is refused (protection from smuggling), or normalized. */
  readonly bareNewline: 'reject' | 'normalize';
  /** Binary content (RFC 3030): refused, or taken and put into base64. */
  readonly binaryMime: 'off' | 'encode';
  readonly tls: TlsSettings | null;
  readonly auth: 'off' | 'optional' | 'required';
  readonly mechanisms: readonly Mechanism[];
  readonly allowPlaintextAuth: boolean;
  /** Clients who may ask VRFY and EXPN. */
  readonly lookups: readonly string[];
  /** Machines in front of us. */
  readonly trust: {
    readonly proxy: readonly string[];
    readonly xclient: readonly string[];
    readonly xforward: readonly string[];
  };
  readonly raisePriority: 'nobody' | 'users' | 'all';
  /**
   * How recipients with different `data` chains share a transaction: `one-group`: they do not; `notify`: they do, and the
   * sender is told by notification; `auto`: `notify` where the client is authenticated, else `one-group`.
   */
  readonly mixed: 'auto' | 'one-group' | 'notify';
  readonly limits: Limits;
  /** Where the entry stands in the file. */
  readonly path: Path;
}

export interface QueueSettings {
  readonly directory: string;
  readonly retry: RetryPolicy;
  /** The largest mail that a notification returns whole, in octets. */
  readonly returnUpTo: number;
  /** Who hears of mail from the null reverse-path that cannot be delivered, or `null`. */
  readonly doubleBounce: Mailbox | null;
  /** Deliveries at the same time. */
  readonly concurrency: number;
  /** What destinations may be asked. The first that matches holds. Those that none matches have the defaults. */
  readonly destinations: readonly DestinationRule[];
  /** How long mail that has left is remembered, in milliseconds, and in how many octets at the most. */
  readonly history: { readonly keep: number; readonly size: number } | 'off';
}

/** One entry of the plugin list. */
export interface PluginEntry {
  readonly use: string;
  /** Unique: `as:`, or else the name in `use:`. */
  readonly id: string;
  /** As written. Checked by the plugin's own schema. May hold secrets: never shown. */
  readonly options: unknown;
  readonly when: Condition | null;
  readonly mode: 'enforce' | 'shadow';
  readonly onError: 'defer' | 'reject' | 'ignore';
  /** For every hook but `deliver`. */
  readonly deadline: number;
  /** For `deliver`. */
  readonly deliveryDeadline: number;
  /** Where the entry stands in the file. */
  readonly path: Path;
}

/** Where mail goes. */
export interface Destination {
  /** The id of a transport. */
  readonly deliver: string;
  readonly hosts: readonly Host[] | null;
  /** `null`: the domain of the recipient. */
  readonly exchangersOf: string | null;
  readonly tls: RouteTls | null;
  readonly path: Path;
}

/** One entry of the routes. */
export interface RouteEntry extends Destination {
  readonly when: Condition | null;
  readonly map: {
    readonly by: 'recipient' | 'sender';
    /** Complete: what an entry leaves out is as the route has it. */
    readonly entries: ReadonlyMap<string, Destination>;
  } | null;
  /** Complete: what the route leaves out is as in `queue.retry`. `null`: all of it is. */
  readonly retry: RetryPolicy | null;
}

export interface Configuration {
  /** Absolute path of the file. */
  readonly file: string;
  /** Its folder, which relative paths start from. */
  readonly directory: string;
  readonly hostname: string;
  readonly listeners: readonly ListenerSettings[];
  readonly queue: QueueSettings;
  readonly resolver: {
    /** As `address:port`. Empty: those of the system. */
    readonly servers: readonly string[];
    /** Whether the servers' word is taken that an answer is authentic. */
    readonly dnssec: 'ignored' | 'trusted';
  };
  /** What is counted for TLS reports, and who reports. `keep` in milliseconds. */
  readonly tlsReports:
    | { readonly directory: string; readonly keep: number; readonly organization: string; readonly contact: string }
    | 'off';
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    /** `auto`: for people on a terminal, JSON lines elsewhere. */
    readonly format: 'auto' | 'json' | 'human';
  };
  /** `watch`: it is read again by itself when its files have changed. */
  readonly reload: 'manual' | 'watch';
  readonly plugins: readonly PluginEntry[];
  readonly routes: readonly RouteEntry[];
}
