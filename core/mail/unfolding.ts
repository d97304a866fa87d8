/** What a recipient stands for, as a tree for people and programs: each step with the place where it is written. */

/** One step. */
export interface Unfolding {
  /** What is looked at: `staff@example.test`, `|command`, `:fail: text`, `:include:./lists/all`. */
  readonly what: string;
  /** By which entry it stands for what is below: `staff (aliases:3)`. `null`: by none. */
  readonly by: string | null;
  /** What becomes of it, in words. `null`: what is below says so. */
  readonly outcome: string | null;
  readonly leadsTo: readonly Unfolding[];
}
