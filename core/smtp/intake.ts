/**
 * Takes in the content of one transaction: from the first octet after 354 to the final dot (RFC 5321 section 4.1.1.4).
 *
 * Guarantees: it reads up to the dot whatever happens, because only then may the client be answered; once the content is
 * sure to be refused nothing of it is kept; and what does not fit in memory waits on disk.
 */
import { type Content, contentOf } from '../mail/content.ts';
import { replyToError } from '../mail/failure.ts';
import { knownLines } from '../mail/known-lines.ts';
import { describeWithRemedy } from '../mail/remedy.ts';
import type { Refusal } from '../mail/reply.ts';
import { type HeaderBlock, parseHeader } from '../mime/header.ts';
import { LineEnds, strayIn } from '../mime/line-ends.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { ContentMemory } from './content-memory.ts';
import { LineLengths } from './line-lengths.ts';
import { Pieces } from './pieces.ts';
import { MEMORY_LIMIT, type Spool } from './reception.ts';
import { HEADER_TOO_LARGE, LINE_OF_CONTENT_TOO_LONG, NUL_IN_CONTENT, stray, TOO_BUSY, TOO_LARGE } from './replies.ts';
import { SpooledContent } from './spooled-content.ts';

/** The engine does not want the content. */
export interface IntakeRefused {
  readonly kind: 'refused';
  readonly reply: Refusal;
  /** For the log and the trace. */
  readonly because: string;
  /** Something here is broken: it is not the client's fault. */
  readonly broken?: true;
}

/** What became of the content. */
export type Intake =
  | {
      readonly kind: 'taken';
      readonly content: Content;
      /** To be called once the mail is committed or refused. Does not reject. */
      dispose(): Awaitable<void>;
    }
  | IntakeRefused
  /** The client left before the final dot. */
  | { readonly kind: 'left' };

/** Under which rules content is taken in. */
export interface IntakeRules {
  /** In octets. */
  readonly maxSize: number;
  /** `keep`: binary content, in which line ends mean nothing yet. */
  readonly bareNewline: 'reject' | 'normalize' | 'keep';
  /** The largest header section, in octets. */
  readonly header: number;
  /** The longest line, in octets, or `null`. */
  readonly contentLine: number | null;
  /** Opened for content of `MEMORY_LIMIT` and more, and earlier where memory is scarce. */
  spool(): Spool;
  /** What all content in memory is counted in. */
  readonly memory: ContentMemory;
  /** Called once, with the header section: the fields to put above it, or a refusal. */
  seal(header: HeaderBlock): Sealed;
}

/** What the engine makes of a header section. */
export type Sealed = { readonly kind: 'sealed'; readonly fields: string } | IntakeRefused;

const LF = 10;
/** In octets: smaller content stays in memory, however scarce that is. */
const EARLY = 32 * 1024;
/** In octets: the header of usual mail is smaller. */
const BEGINNING = 16 * 1024;

/** Reads a stream to its end. The stream fails where the client leaves. */
export async function takeIn(stream: AsyncIterable<Buffer>, rules: IntakeRules): Promise<Intake> {
  const lineEnds = rules.bareNewline === 'keep' ? null : new LineEnds(rules.bareNewline);
  const lengths = rules.contentLine === null ? null : new LineLengths(rules.contentLine);
  const store = new Store(rules);
  try {
    for await (const piece of stream) {
      const octets = lineEnds === null ? piece : lineEnds.feed(piece);
      const stray = lineEnds?.stray ?? null;
      if (stray !== null && rules.bareNewline === 'reject') await store.refuse(refusalOf(stray));
      if (lengths?.feed(octets) === 'too long') await store.refuse(LINE_TOO_LONG);
      const kept = store.add(octets);
      if (kept !== undefined) await kept;
    }
  } catch {
    await store.drop();
    return { kind: 'left' };
  }
  if (lineEnds !== null) {
    const rest = lineEnds.end();
    if (rest.length > 0) await store.add(rest);
    // A CR that was the very last octet is bare.
    if (lineEnds.stray !== null && rules.bareNewline === 'reject') await store.refuse(refusalOf(lineEnds.stray));
  }
  return store.finish();
}

const NO_MEMORY: IntakeRefused = {
  kind: 'refused',
  reply: TOO_BUSY,
  because: 'a header that is not over, and no memory is left for content that comes in',
};

const LINE_TOO_LONG: IntakeRefused = {
  kind: 'refused',
  reply: LINE_OF_CONTENT_TOO_LONG,
  because: 'a line of the content is longer than the limit',
};

function refusalOf(found: NonNullable<LineEnds['stray']>): IntakeRefused {
  const reply = found === 'NUL' ? NUL_IN_CONTENT : stray(found);
  return { kind: 'refused', reply, because: `${found} in the content` };
}

/** Keeps the octets in memory, then on disk, or not at all. Does not reject: what fails becomes a refusal. */
class Store {
  readonly #rules: IntakeRules;
  readonly #pieces = new Pieces();
  #size = 0;
  /** At which size to look whether the header is over, and the same where memory is scarce. */
  #look = MEMORY_LIMIT;
  #lookEarly = EARLY;
  /** Of what is in memory. */
  #held = 0;
  #spooled: SpooledContent | null = null;
  /** Whether those of the engine, which nobody else looks at, are. */
  #fieldsAreLines = false;
  #refused: IntakeRefused | null = null;

  constructor(rules: IntakeRules) {
    this.#rules = rules;
  }

  /** The first refusal stands. */
  async refuse(refused: IntakeRefused): Promise<void> {
    if (this.#refused !== null) return;
    this.#refused = refused;
    await this.drop();
  }

  drop(): Promise<void> | undefined {
    this.#forget();
    const spooled = this.#spooled;
    this.#spooled = null;
    return spooled?.drop();
  }

  /** @returns what to wait for before the next octets come, if anything. */
  add(octets: Buffer): Promise<void> | undefined {
    this.#size += octets.length;
    const { maxSize } = this.#rules;
    if (this.#size > maxSize) {
      return this.refuse({ kind: 'refused', reply: TOO_LARGE, because: `more than ${maxSize} octets` });
    }
    if (this.#refused !== null || octets.length === 0) return undefined;
    const { memory } = this.#rules;
    if (this.#spooled !== null) {
      const moving = this.#spooled.add(octets);
      return moving && this.#orRefuse(memory.leave(octets.length, moving));
    }
    this.#pieces.add(octets);
    this.#held += octets.length;
    memory.hold(octets.length);
    if (this.#size < (memory.state === 'spare' ? this.#look : this.#lookEarly)) return undefined;
    return this.#orRefuse(this.#leaveMemory());
  }

  async finish(): Promise<Intake> {
    try {
      return this.#refused ?? (this.#spooled === null ? this.#inMemory() : await this.#onDisk(this.#spooled));
    } catch (error) {
      await this.drop();
      return failed(error);
    }
  }

  async #orRefuse(moving: Promise<void>): Promise<void> {
    try {
      await moving;
    } catch (error) {
      await this.refuse(failed(error));
    }
  }

  async #leaveMemory(): Promise<void> {
    const { memory, header: limit } = this.#rules;
    const { octets, header, rest } = this.#beginning();
    // The header may go on: only a whole one can be sealed.
    if (header.end === 'end-of-content' && this.#size <= limit) {
      if (memory.state === 'used up') return this.refuse(NO_MEMORY);
      this.#look = this.#size < MEMORY_LIMIT ? MEMORY_LIMIT : limit + 1;
      this.#lookEarly = Math.min(this.#size * 2, limit + 1);
      return;
    }
    const sealed = this.#seal(octets, header);
    if (sealed.kind === 'refused') return this.refuse(sealed);
    this.#forget();
    this.#spooled = new SpooledContent(this.#rules.spool(), memory.blocks);
    await memory.leave(this.#size, addAll(this.#spooled, [...sealed.pieces, ...rest]));
  }

  /**
   * The header with the octets that it was found in, and what follows these: nearly always little is looked at, and nothing
   * is put together that would then be there twice.
   */
  #beginning(): { readonly octets: Buffer; readonly header: HeaderBlock; readonly rest: readonly Buffer[] } {
    const head = this.#pieces.head(BEGINNING);
    const lines = head.subarray(0, head.lastIndexOf(LF) + 1);
    const found = parseHeader(lines);
    if (found.end !== 'end-of-content') return { octets: lines, header: found, rest: this.#pieces.after(lines.length) };
    const whole = this.#pieces.whole();
    return { octets: whole, header: parseHeader(whole), rest: [] };
  }

  async #onDisk(spooled: SpooledContent): Promise<Intake> {
    return this.#taken(await spooled.finish());
  }

  #inMemory(): Intake {
    const { octets, header, rest } = this.#beginning();
    const sealed = this.#seal(octets, header);
    if (sealed.kind === 'refused') return sealed;
    const content = contentOf(Buffer.concat([...sealed.pieces, ...rest]));
    // It counts as long as the content is needed; the pieces are not any more.
    this.#pieces.clear();
    return this.#taken(content);
  }

  #taken(content: Content): Intake {
    const isLines = this.#rules.bareNewline !== 'keep' && this.#fieldsAreLines;
    return { kind: 'taken', content: isLines ? knownLines(content) : content, dispose: () => this.drop() };
  }

  #forget(): void {
    this.#pieces.clear();
    this.#rules.memory.release(this.#held);
    this.#held = 0;
  }

  /** What is in memory, with the engine's fields above the first field. */
  #seal(
    octets: Buffer,
    header: HeaderBlock,
  ): { readonly kind: 'pieces'; readonly pieces: readonly Buffer[] } | IntakeRefused {
    const { header: limit } = this.#rules;
    if (header.bodyStart > limit) {
      return { kind: 'refused', reply: HEADER_TOO_LARGE, because: `a header of more than ${limit} octets` };
    }
    const sealed = this.#rules.seal(header);
    if (sealed.kind === 'refused') return sealed;
    const start = header.fieldsStart;
    // A line that some mbox left at the top may lack its end, where a chunk ended with it.
    const begin = start > 0 && octets[start - 1] !== LF ? '\r\n' : '';
    // Without a header of its own, the first line of the body would be read as a part of our fields.
    const end = header.fields.length === 0 && header.end === 'no-empty-line' ? '\r\n' : '';
    const fields = Buffer.from(begin + sealed.fields + end);
    this.#fieldsAreLines = strayIn(fields) === null;
    return { kind: 'pieces', pieces: [octets.subarray(0, start), fields, octets.subarray(start)] };
  }
}

async function addAll(spooled: SpooledContent, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) await spooled.add(piece);
}

function failed(error: unknown): IntakeRefused {
  return { kind: 'refused', reply: replyToError(error), because: describeWithRemedy(error), broken: true };
}
