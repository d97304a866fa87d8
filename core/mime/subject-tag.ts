/** A tag before the subject: `[EXT] `. The subject itself keeps its octets. */
import type { Edit } from './edit.ts';
import type { HeaderBlock } from './header.ts';

export interface SubjectTag {
  readonly tag: string;
  /** Whether the tag goes behind `Re:`, `AW:`, `Fwd:` and the like, which threading by subject looks for in front. */
  readonly behindReplyMarks: boolean;
}

/** The edits that put the tag in; none where the subject has it already. */
export function tagSubject(_header: HeaderBlock, _tag: SubjectTag): readonly Edit[] {
  throw new Error('to come');
}
