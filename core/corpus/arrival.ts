/** A message of a corpus as it once came, or would have come: what a client said, and the content that it brought. */

/** Where the recipients are from. `taken`: from the queue or its history. `nowhere`: nobody is named anywhere. */
export type EnvelopeSource = 'sidecar' | 'taken' | 'options' | 'delivery-fields' | 'header' | 'nowhere';

export const ENVELOPE_SOURCES: readonly EnvelopeSource[] = [
  'taken',
  'sidecar',
  'options',
  'delivery-fields',
  'header',
  'nowhere',
];

/** What is said of a client and its envelope. What is left out, nobody knows. */
export interface ArrivalFacts {
  /** The reverse-path without brackets; empty: the null one. */
  readonly from?: string;
  /** The forward-paths without brackets. */
  readonly to?: readonly string[];
  /** The client's IP address. */
  readonly ip?: string;
  /** What it called itself. */
  readonly helo?: string;
  /** Who it was. */
  readonly auth?: string;
  /** The id of the listener. */
  readonly listener?: string;
  readonly tls?: boolean;
}

export interface Arrival extends ArrivalFacts {
  readonly to: readonly string[];
  readonly source: EnvelopeSource;
  /** With CRLF line ends, and without what final delivery or this gateway had put on top. `null`: nobody has kept it. */
  readonly content: Buffer | null;
}
