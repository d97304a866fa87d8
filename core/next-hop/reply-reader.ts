/** Cuts what a next hop sends into replies, wherever its pieces were cut (RFC 5321 section 4.2.1). */

/** In octets, of one reply. */
const LARGEST_REPLY = 64 * 1024;
/** All lines of a reply but the last one are like that. */
const CONTINUED = /^\d{3}-/;
const BEYOND_ASCII = /[\u0080-\u00ff]/;
/** What a decoder puts in the place of octets that are no UTF-8. */
const REPLACEMENT = '\ufffd';

/** Reads the replies of one session. */
export class ReplyReader {
  /** Lines of a reply that goes on. One character an octet, as below. */
  #reply = '';
  /** A line without its end. */
  #line = '';

  /** Takes what has come in, and gives the replies that are complete now. `null`: one grows beyond measure. */
  feed(octets: Buffer): readonly string[] | null {
    const text = octets.toString('latin1');
    const replies: string[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#endLine(this.#line + text.slice(start, end), replies);
      start = end + 1;
    }
    this.#line += text.slice(start);
    return this.#reply.length + this.#line.length > LARGEST_REPLY ? null : replies;
  }

  #endLine(ended: string, replies: string[]): void {
    const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended;
    this.#line = '';
    if (CONTINUED.test(line)) this.#reply += `${line}\n`;
    else if (line !== '' || this.#reply !== '') {
      replies.push(decoded(this.#reply + line));
      this.#reply = '';
    }
  }
}

/** RFC 5321 names no charset for replies: UTF-8 where it is that. */
function decoded(reply: string): string {
  if (!BEYOND_ASCII.test(reply)) return reply;
  const text = Buffer.from(reply, 'latin1').toString('utf8');
  return text.includes(REPLACEMENT) ? reply : text;
}
