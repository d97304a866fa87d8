/** What a client said, read from its octets in the mode that the replies so far have led to. */
import { bdatOf, chunkAt, contentAt, lineAt } from './framing.ts';
import type { Rules } from './rules.ts';

/** Something whole to which a reply is due. */
export type Said =
  | { readonly kind: 'connection' }
  /** `clean`: the line ends at CRLF and holds no other CR, or nobody minds. */
  | { readonly kind: 'command'; readonly line: string; readonly clean: boolean }
  /** A line of an AUTH exchange. */
  | { readonly kind: 'answer'; readonly line: string; readonly clean: boolean }
  /** Still stuffed. */
  | { readonly kind: 'content'; readonly octets: string }
  | { readonly kind: 'chunk'; readonly octets: string; readonly line: string; readonly last: boolean };

/** How the next octets are to be read. `tls`: not as SMTP. */
export type Mode = 'greeting' | 'command' | 'answer' | 'content' | 'tls' | 'closed';

/** What a BDAT command says. */
interface Announced {
  readonly size: number;
  readonly last: boolean;
  readonly line: string;
}

/** The octets of a client, and how far they are read. */
export class Transmission {
  readonly #rules: Rules;
  readonly #all: string[] = [];
  /** What is not read yet. */
  #rest = '';
  /** A BDAT whose chunk is not complete. */
  #bdat: Announced | null = null;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  add(octets: string): void {
    this.#all.push(octets);
    this.#rest += octets;
  }

  /** All that was ever said. */
  get all(): string {
    return this.#all.join('');
  }

  /** What lies there and is not whole. */
  get pending(): number {
    return this.#rest.length;
  }

  /** The next thing that is whole, or `null`. */
  read(mode: Mode): Said | null {
    switch (mode) {
      case 'greeting':
        return { kind: 'connection' };
      case 'command':
        return this.#bdat === null ? this.#command() : this.#chunk(this.#bdat);
      case 'answer': {
        const line = this.#line();
        return line === null ? null : { kind: 'answer', line: line.octets, clean: line.clean };
      }
      case 'content': {
        const content = this.#framed(contentAt(this.#rest, 0));
        return content === null ? null : { kind: 'content', octets: content.octets };
      }
      case 'tls':
      case 'closed':
        return null;
    }
  }

  #command(): Said | null {
    const line = this.#line();
    if (line === null) return null;
    const bdat = this.#rules.chunking ? bdatOf(line.octets) : null;
    const overlong = line.octets.length > this.#rules.commandLine;
    // A line that is refused as a line announces nothing.
    if (bdat?.kind !== 'chunk' || overlong || !line.clean)
      return { kind: 'command', line: line.octets, clean: line.clean };
    this.#bdat = { size: bdat.size, last: bdat.last, line: line.octets };
    return this.#chunk(this.#bdat);
  }

  #chunk({ size, last, line }: Announced): Said | null {
    const chunk = this.#framed(chunkAt(this.#rest, 0, size));
    if (chunk === null) return null;
    this.#bdat = null;
    return { kind: 'chunk', octets: chunk.octets, line, last };
  }

  /** Where bare newlines are put up with, any line that ends is clean. */
  #line(): ReturnType<typeof lineAt> {
    const line = this.#framed(lineAt(this.#rest, 0));
    return line === null || this.#rules.bareNewline === 'reject' ? line : { ...line, clean: true };
  }

  #framed<T extends { readonly next: number }>(framed: T | null): T | null {
    if (framed !== null) this.#rest = this.#rest.slice(framed.next);
    return framed;
  }
}
