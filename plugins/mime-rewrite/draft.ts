/**
 * A mail while rules change it: its content, its header, and the outline of its parts where somebody asks for it.
 *
 * Guarantee: octets outside of the edits are those that came. Large content is never held: edits lie over its stream, and
 * only what they put in is in memory.
 */
import {
  applyEdits,
  applyEditsTo,
  brokenSignatures,
  type Content,
  contentOf,
  type Edit,
  type HeaderBlock,
  isUnsigned,
  joinContent,
  missingSignatures,
  type ReadOutline,
  readHeader,
  readOutline,
  readSpans,
  type Signatures,
  type Span,
  signaturesOfContent,
  sliceContent,
  type TreeLimits,
} from '../../core/index.ts';

/** Content up to this size is put together after each edit: reading it again costs less than reading through the edits. */
const SMALL = 1024 * 1024;

/** A draft, or the verdict that the header is too large to be read. */
export type ReadDraft = Draft | { readonly kind: 'too-large'; readonly limit: number };

export class Draft {
  readonly kind = 'draft';
  readonly content: Content;
  readonly header: HeaderBlock;
  readonly #limits: TreeLimits;
  #outline: Promise<ReadOutline> | null = null;
  #signatures: Promise<Signatures> | null = null;

  private constructor(content: Content, header: HeaderBlock, limits: TreeLimits) {
    this.content = content;
    this.header = header;
    this.#limits = limits;
  }

  static async of(content: Content, limits: TreeLimits): Promise<ReadDraft> {
    const read = await readHeader(content);
    return read.kind === 'header' ? new Draft(content, read.block, limits) : read;
  }

  /** The part tree, read in one pass when it is first asked for. */
  outline(): Promise<ReadOutline> {
    this.#outline ??= readOutline(this.content, this.#limits);
    return this.#outline;
  }

  async edited(edits: readonly Edit[]): Promise<ReadDraft> {
    const { content, header } = this;
    if (edits.every(({ end }) => end <= header.bodyStart)) {
      const head = contentOf(applyEditsTo(header.octets, edits));
      return Draft.of(joinContent(head, sliceContent(content, header.bodyStart, content.size)), this.#limits);
    }
    const after = applyEdits(content, edits);
    // Not `bytes`: that would read the whole mail, however little is left of it.
    const whole = after.size <= SMALL ? contentOf(Buffer.concat(await Array.fromAsync(after.stream()))) : after;
    return Draft.of(whole, this.#limits);
  }

  /** The octets of spans, in one pass. Costs memory for them. */
  read(spans: readonly Span[]): Promise<readonly Buffer[]> {
    return readSpans(this.content, spans);
  }

  /**
   * The signatures that are gone in another draft, made from this one by edits. Where the header alone changed, and says
   * the same about the body, the body is not read.
   */
  async brokenIn(after: Draft, edits: readonly Edit[]): Promise<readonly string[]> {
    const { bodyStart } = this.header;
    const sameBody = edits.every(({ end }) => end <= bodyStart) && described(this.header) === described(after.header);
    if (sameBody) return brokenSignatures(headOf(this), headOf(after));
    const was = await this.#signed();
    return isUnsigned(was) ? [] : missingSignatures(was, await after.#signed());
  }

  #signed(): Promise<Signatures> {
    this.#signatures ??= signaturesOfContent(this.content);
    return this.#signatures;
  }
}

function headOf({ content, header }: Draft): Content {
  return sliceContent(content, 0, header.bodyStart);
}

/** The fields that say what the body is (RFC 2045). */
function described(header: HeaderBlock): string {
  const fields = header.fields.filter(({ name }) => /^(?:content-.*|mime-version)$/i.test(name));
  return fields.map(({ raw }) => raw.toString('latin1')).join('');
}
