/** What a sink is like, and what goes wrong at it. */
import type { SunkMail } from './sunk-mail.ts';

/**
 * What goes wrong: a reply in the place of the usual one (`451 4.3.0 Busy`; `\n` begins a further line), the end of the
 * connection, no reply to this and to anything after it, or something odder.
 */
export type SinkFault = `${4 | 5}${string}` | 'drop' | 'silent' | SinkMishap;

/** The odder things. Times are real ones, in milliseconds. */
export type SinkMishap =
  /** These octets in the place of the usual reply, as they are: garbage, half a line, a line that is too long, two replies. */
  | { readonly kind: 'says'; readonly octets: string | Buffer; readonly and?: 'go-on' | 'close' | 'fall-silent' }
  /** The usual reply, later. */
  | { readonly kind: 'late'; readonly after: number }
  /** The usual reply in pieces of so many octets. */
  | { readonly kind: 'drips'; readonly octets: number; readonly every: number }
  /** This line, without its end, again and again until the client goes away. */
  | { readonly kind: 'endless'; readonly line: string }
  /** The usual reply, and the connection closes behind it. */
  | { readonly kind: 'closes-after' }
  /** What the client asked for is done, and the connection breaks before it hears so: after the content, mail comes twice. */
  | { readonly kind: 'does-and-drops' };

/** Where something goes wrong. */
export interface SinkFaults {
  /** In the place of the greeting. */
  readonly connect?: SinkFault;
  readonly ehlo?: SinkFault;
  readonly helo?: SinkFault;
  readonly starttls?: SinkFault;
  /** Instead of TLS after STARTTLS was answered as usual. A certificate that is bad is one of the settings. */
  readonly handshake?: 'drop' | 'silent' | 'garbage';
  readonly auth?: SinkFault;
  readonly mail?: SinkFault;
  /** For all recipients, or by address as RCPT writes it without brackets. */
  readonly rcpt?: SinkFault | Readonly<Record<string, SinkFault>>;
  /** In the place of 354. */
  readonly data?: SinkFault;
  /** The connection breaks when so many octets of the content have come. */
  readonly midway?: number;
  /** After a chunk that is not the last one. */
  readonly chunk?: SinkFault;
  /**
   * After the final dot or the last chunk: with a fault the mail does not count as taken. By address, with LMTP: it is
   * taken for the others.
   */
  readonly content?: SinkFault | Readonly<Record<string, SinkFault>>;
  readonly rset?: SinkFault;
  readonly noop?: SinkFault;
  readonly quit?: SinkFault;
}

/** What the next hop is like. */
export interface SinkSettings {
  readonly hostname?: string;
  /** `lmtp`: LHLO, and after the content a reply for each recipient (RFC 2033). `either`: what the client greets in. `smtp` without it. */
  readonly protocol?: 'smtp' | 'lmtp' | 'either';
  /** So many recipients are accepted in one transaction; then it is 452. */
  readonly recipients?: number;
  /** What EHLO or LHLO offers, apart from STARTTLS and AUTH. */
  readonly extensions?: readonly string[];
  /** The same over TLS, where that differs. */
  readonly extensionsOverTls?: readonly string[];
  /** Certificate and key as PEM: STARTTLS is offered, or TLS comes before the greeting. */
  readonly tls?: SinkKeyPair & {
    readonly implicit?: boolean;
    /** For a name that the client asks for by SNI. */
    readonly forName?: (name: string) => SinkKeyPair;
  };
  /** AUTH PLAIN (RFC 4616) is offered, and MAIL refused without it. `any`: whoever logs in is welcome, and so is who does not. */
  readonly auth?: { readonly user: string; readonly password: string } | 'any';
  /** What goes wrong in every transaction for which `next` has said nothing else. */
  readonly faults?: SinkFaults;
  /** Told of each mail that is taken, whose number is in the reply: `Taken as sink-1`. */
  readonly taken?: (mail: SunkMail, number: number) => void;
}

/** A certificate and its key, as PEM. */
export interface SinkKeyPair {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}
