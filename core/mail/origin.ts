/** Where in the files of a plugin an error comes from. */
export interface Origin {
  /** `filters/mine.ts:5:11`. The file alone where nothing says which line; `null` where not even that is known. */
  readonly at: string | null;
  /** Whether the plugin's own code was running. */
  readonly isExact: boolean;
  /** The stack down to the outermost line of the plugin, then those of the causes. `null`: it has none. */
  readonly stack: string | null;
}
