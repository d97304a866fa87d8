/** What a sink was given. */

/** A recipient as it was named. */
export interface SunkRecipient {
  /** `<bob@example.test>` */
  readonly path: string;
  /** What stands behind it: `NOTIFY=NEVER`. */
  readonly parameters: string;
}

/** A mail that was taken. */
export interface SunkMail {
  /** What EHLO or HELO said. */
  readonly greeting: string;
  readonly tls: boolean;
  /** Who authenticated, or `null`. */
  readonly user: string | null;
  /** `<ann@example.test>` */
  readonly from: string;
  /** `SIZE=1000 BODY=8BITMIME` */
  readonly parameters: string;
  /** Those that were accepted. */
  readonly recipients: readonly SunkRecipient[];
  /** As it was before dots were doubled. */
  readonly content: Buffer;
  /** The sizes of the chunks in which it came by BDAT (RFC 3030), or `null`: it came by DATA. */
  readonly chunks: readonly number[] | null;
}
