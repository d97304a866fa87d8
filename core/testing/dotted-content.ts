/** Content as DATA carries it: leading dots doubled, a line of one dot at its end (RFC 5321 section 4.5.2). */

const FINAL_DOT = '\r\n.\r\n';

/** Content as it goes over the wire. In text, every line end becomes CRLF; a last line without an end gets one. */
export function dotted(content: string | Buffer): Buffer {
  const octets = typeof content === 'string' ? Buffer.from(content.replace(/\r?\n/g, '\r\n')) : content;
  // latin1 makes one character of each octet, and the other way round.
  const text = octets.toString('latin1');
  const ended = text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`;
  return Buffer.from(`${ended.replace(/(^|\r\n)\./g, '$1..')}.\r\n`, 'latin1');
}

/** Finds the end of content that comes in pieces. Text here is latin1: one character an octet. */
export class DottedContent {
  readonly #pieces: string[] = [];
  /** The end of what has come, as far as the final dot may begin there. The line of DATA ended with CRLF. */
  #carry = '\r\n';

  /** @returns `null` while the final dot is missing, then the content without its dots and what follows it. */
  feed(text: string): { readonly content: Buffer; readonly rest: string } | null {
    const window = this.#carry + text;
    const end = window.indexOf(FINAL_DOT);
    if (end < 0) {
      this.#pieces.push(text);
      this.#carry = window.slice(1 - FINAL_DOT.length);
      return null;
    }
    const used = end + FINAL_DOT.length - this.#carry.length;
    const all = this.#pieces.join('') + text.slice(0, used);
    const undotted = all.slice(0, -'.\r\n'.length).replace(/(^|\r\n)\./g, '$1');
    return { content: Buffer.from(undotted, 'latin1'), rest: text.slice(used) };
  }
}
