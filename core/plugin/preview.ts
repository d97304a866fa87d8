/**
 * Previews: what a transport would do with a delivery, told and not done. `mailframe explain` and `mailframe replay` ask for
 * them in the place of `deliver`.
 */
import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Outcome } from '../mail/outcome.ts';

/** Something that a transport would do to the world outside. */
export type Act =
  /** Octets go to a file. Paths are absolute. */
  | { readonly kind: 'append'; readonly file: string }
  /** Octets go to a new file, whose name is made when it is written. */
  | { readonly kind: 'create'; readonly folder: string }
  /** A mail transaction with another machine. */
  | {
      readonly kind: 'transaction';
      readonly protocol: 'smtp' | 'lmtp';
      /** In the order to try: `mx.example.test[192.0.2.1]:25`, or a name with the path of a socket; and the TLS insisted on. */
      readonly hosts: readonly { readonly remote: string; readonly tls: string }[];
      /** What would be said before the content, as far as that does not hang on the answers: `MAIL FROM:<…>`. */
      readonly commands: readonly string[];
    }
  /** A program is given the octets. */
  | {
      readonly kind: 'program';
      /** Program and arguments. */
      readonly command: readonly string[];
      readonly directory: string;
      readonly user: number | null;
      readonly group: number | null;
    };

/** One thing that a transport would do, and for whom. */
export interface Preview {
  /** A part of the delivery's recipients. */
  readonly recipients: readonly Recipient[];
  /** `null`: nothing, and the outcome says why. */
  readonly act: Act | null;
  /** The octets as they would arrive there. */
  readonly content: Content;
  /** What would come of it, as far as can be told without acting. Of a next hop that it says yes. */
  readonly outcome: Outcome;
}
