/** smtp-source and smtp-sink, the load generator and the next hop that come with Postfix. */

/** Where they are. */
export interface TestPrograms {
  readonly source: string;
  readonly sink: string;
  /** What they need in their environment. */
  readonly env: Readonly<Record<string, string>>;
}
