/**
 * Replies as they come over the wire, held against RFC 5321 section 4.2, RFC 3463 and RFC 2034.
 *
 * Written from the RFCs and not from our code: lines of a code, a hyphen or a blank, and printable characters; 512 octets at
 * most; one code in all lines of a reply; CRLF at their ends and nowhere else.
 */
import { isUtf8 } from 'node:buffer';
import { Violation } from './violation.ts';

/** One reply. */
export interface Reply {
  readonly code: number;
  /** Without their line ends. */
  readonly lines: readonly string[];
}

const LONGEST_LINE = 510;
const LINE = /^([2-5][0-5][0-9])([ -])([\x20-\x7e\x80-\xff]*)$/;
const STATUS = /^([245])\.(\d{1,3})\.(\d{1,3})(?: |$)/;

/** Puts replies together, wherever their octets were cut. */
export class ReplyScanner {
  #rest = '';
  #lines: string[] = [];

  /** @returns the replies that are whole by now. @throws Violation */
  feed(octets: string): readonly Reply[] {
    this.#rest += octets;
    const replies: Reply[] = [];
    for (let end = this.#rest.indexOf('\r\n'); end !== -1; end = this.#rest.indexOf('\r\n')) {
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 2);
      const reply = this.#line(line);
      if (reply !== null) replies.push(reply);
    }
    return replies;
  }

  /** Nothing more comes. @throws Violation where something lies about that is no whole reply */
  end(): void {
    if (this.#rest !== '' || this.#lines.length > 0) {
      throw new Violation(`a reply that was not finished: ${JSON.stringify([...this.#lines, this.#rest])}`);
    }
  }

  #line(line: string): Reply | null {
    const [, code = '', mark] = LINE.exec(line) ?? [];
    if (code === '') throw new Violation(`no reply line: ${JSON.stringify(line)}`);
    if (line.length > LONGEST_LINE) throw new Violation(`a reply line of ${line.length} octets`);
    const [before] = this.#lines;
    if (before !== undefined && !before.startsWith(code))
      throw new Violation(`two codes in one reply: ${before}, ${line}`);
    this.#lines.push(line);
    if (mark === '-') return null;
    const lines = this.#lines;
    this.#lines = [];
    return { code: Number(code), lines };
  }
}

/** Only who asked for it hears what is not ASCII, and then it is UTF-8 (RFC 6531 section 3.7.4.2). @throws Violation */
export function checkCharacters({ lines }: Reply, command: string): void {
  for (const line of lines) {
    if (/^[\x20-\x7e]*$/.test(line)) continue;
    const may = /^(?:VRFY|EXPN) .*SMTPUTF8$/i.test(command) && isUtf8(Buffer.from(line, 'latin1'));
    if (!may) throw new Violation(`a reply that is not ASCII: ${JSON.stringify(line)}`);
  }
}

/** Holds the enhanced status of each line against the code. `bare`: the reply has none (RFC 2034 section 4). */
export function checkStatus({ code, lines }: Reply, bare: boolean): void {
  for (const line of lines) {
    const text = line.slice(4);
    const [status = '', digit] = STATUS.exec(text) ?? [];
    if (bare) continue;
    if (status === '') throw new Violation(`no enhanced status: ${line}`);
    if (digit !== String(code)[0]) throw new Violation(`the status contradicts the code: ${line}`);
    if (STATUS.test(text.slice(status.length))) throw new Violation(`two statuses in one line: ${line}`);
  }
}
