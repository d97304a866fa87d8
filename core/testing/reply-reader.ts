/** Puts SMTP replies together out of octets as they come (RFC 5321 section 4.2.1, RFC 3463). */
import { StringDecoder } from 'node:string_decoder';

/** One reply of a server. */
export interface SmtpReply {
  readonly code: number;
  /** The enhanced status, `5.1.1`, or `null` where the reply has none. */
  readonly status: string | null;
  /** What a person reads: the lines without code and status. */
  readonly text: string;
  /** The lines as they came, without their ends. */
  readonly lines: readonly string[];
}

const LAST_LINE = /^\d{3}(?: |$)/;
const STATUS = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/;

/** Gives replies to whoever waits for them, in order. */
export class ReplyReader {
  readonly #decoder = new StringDecoder('utf8');
  #pending = '';
  #lines: string[] = [];
  #ended: Error | null = null;
  readonly #replies: SmtpReply[] = [];
  readonly #waiting: PromiseWithResolvers<SmtpReply>[] = [];

  /** Octets have come. What is no complete line yet waits for its end. */
  feed(octets: Buffer): void {
    this.#pending += this.#decoder.write(octets);
    for (let end = this.#pending.indexOf('\n'); end >= 0; end = this.#pending.indexOf('\n')) {
      const line = this.#pending.slice(0, end).replace(/\r$/, '');
      this.#pending = this.#pending.slice(end + 1);
      this.#lines.push(line);
      if (!LAST_LINE.test(line)) continue;
      this.#deliver(replyOf(this.#lines));
      this.#lines = [];
    }
  }

  /** No more will come. Who waits, now or later, is told why. */
  end(reason: Error): void {
    this.#ended ??= reason;
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#ended);
  }

  /** The next reply. */
  next(): Promise<SmtpReply> {
    const reply = this.#replies.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    if (this.#ended !== null) return Promise.reject(this.#ended);
    const waiting = Promise.withResolvers<SmtpReply>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /** What came and nobody has asked for yet. */
  rest(): readonly SmtpReply[] {
    return this.#replies.splice(0);
  }

  #deliver(reply: SmtpReply): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#replies.push(reply);
    else waiting.resolve(reply);
  }
}

function replyOf(lines: readonly string[]): SmtpReply {
  const texts = lines.map(line => line.slice(4));
  return {
    code: Number(lines.at(-1)?.slice(0, 3)),
    status: STATUS.exec(texts.at(-1) ?? '')?.[1] ?? null,
    text: texts.map(text => text.replace(STATUS, '')).join('\n'),
    lines,
  };
}
