/** What one content has that another, made from it, has not: fields of the header, parts, signatures. For people. */

/** A field of the header section. Values are as they stand, unfolded. */
export type FieldDifference =
  | { readonly kind: 'added' | 'removed'; readonly name: string; readonly value: string }
  | { readonly kind: 'changed'; readonly name: string; readonly value: string; readonly was: string };

/** What people want to know of a part. */
export interface PartFacts {
  /** As `PartOutline.path`: `` is the mail itself. */
  readonly path: string;
  /** `text/plain`. */
  readonly type: string;
  /** The file name, or `null`. */
  readonly name: string | null;
  /** Of the body, decoded, in octets. */
  readonly size: number;
}

/** A leaf of the part tree. */
export type PartDifference =
  | { readonly kind: 'added' | 'removed'; readonly part: PartFacts }
  /** `moved`: the very same octets stand elsewhere in the tree. */
  | { readonly kind: 'changed' | 'moved'; readonly part: PartFacts; readonly was: PartFacts };

export interface ContentDifference {
  /** In octets. */
  readonly size: { readonly before: number; readonly after: number };
  readonly header: readonly FieldDifference[];
  readonly parts: readonly PartDifference[];
  /** Signatures of the one before that no longer verify: `DKIM example.test (selector s1)`. */
  readonly breaks: readonly string[];
}
