/** The web, as a port: one question over HTTPS, one answer. */
import { token } from './token.ts';

/** What to ask for. */
export interface WebQuestion {
  /** `https:` only, with a host name and not an address. */
  readonly url: URL;
  /** A longer answer is none. In octets. */
  readonly maxSize: number;
  /** For all of it: DNS, connecting, the answer. In milliseconds. */
  readonly timeout: number;
  /** Certification authorities in PEM, to be believed beside those that Node knows. */
  readonly authorities: string | null;
}

/** What came back. A redirect is an answer: whether to follow it is for the one who asks. */
export type WebAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly location: string | null;
      /** As `text/plain`, in lower case and without parameters; `null` where it is not said. */
      readonly mediaType: string | null;
      readonly body: Buffer;
    }
  /** DNS says that there is no such host, or no address of it. */
  | { readonly kind: 'no-such-host' }
  /** Time-out, no connection, a certificate that does not fit, an answer that is too long. */
  | { readonly kind: 'failed'; readonly what: 'certificate' | 'size' | 'other'; readonly cause: string };

/**
 * The web. Guarantee (server-side request forgery): whoever chooses the name of the host cannot make this gateway talk to a
 * private, local or reserved address, nor to another port than that of the URL, nor to anybody whose certificate does not fit.
 */
export interface Web {
  /** Rejects with the signal's reason only. */
  get(question: WebQuestion, signal: AbortSignal): Promise<WebAnswer>;
}

export const WEB = token<Web>('web');
