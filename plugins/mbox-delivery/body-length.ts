/**
 * How long the body of a mail is, as Content-Length says it in mboxcl2: all lines behind the first empty one, with LF line ends.
 *
 * Without an empty line there is no body.
 */

const LF = 0x0a;

export class BodyLength {
  #length: number | null = null;
  #last = LF;

  /** The next lines. */
  feed(lines: Buffer): void {
    if (this.#length !== null) {
      this.#length += lines.length;
      return;
    }
    const end = this.#last === LF && lines[0] === LF ? 0 : lines.indexOf('\n\n') + 1;
    this.#last = lines.at(-1) ?? this.#last;
    if (end > 0 || lines[end] === LF) this.#length = lines.length - end - 1;
  }

  /** In octets. */
  get length(): number {
    return this.#length ?? 0;
  }
}

/** That of lines which are in memory. */
export function bodyLengthOf(lines: readonly Buffer[]): number {
  const body = new BodyLength();
  for (const one of lines) body.feed(one);
  return body.length;
}

/** That of lines which are read for it. */
export async function bodyLengthIn(lines: AsyncIterable<Buffer>): Promise<number> {
  const body = new BodyLength();
  for await (const one of lines) body.feed(one);
  return body.length;
}
