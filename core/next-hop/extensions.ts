/** What a next hop offers in its answer to EHLO (RFC 5321 section 4.1.1.1). */

/** The extensions of one session. */
export class Extensions {
  readonly #offered: ReadonlyMap<string, string>;
  readonly #limits: ReadonlyMap<string, number>;

  /** Takes the lines of the answer without the first one, which is the greeting. None: it knows HELO only. */
  constructor(lines: readonly string[]) {
    this.#offered = new Map(lines.map(line => entryOf(line)));
    this.#limits = new Map((this.#offered.get('LIMITS') ?? '').split(/\s+/).flatMap(limitOf));
  }

  /** Whether an extension is offered. The keyword in upper case. */
  has(keyword: string): boolean {
    return this.#offered.has(keyword);
  }

  /** The largest content that is taken, in octets, or `null` where there is no fixed limit (RFC 1870 section 3). */
  get largestContent(): number | null {
    const size = Number(this.#offered.get('SIZE') ?? 0);
    return Number.isSafeInteger(size) && size > 0 ? size : null;
  }

  /** A limit that is stated: transactions in a session, recipients and their domains in a transaction (RFC 9422). */
  limit(name: 'MAILMAX' | 'RCPTMAX' | 'RCPTDOMAINMAX'): number {
    return this.#limits.get(name) ?? Number.POSITIVE_INFINITY;
  }
}

/** RFC 9422 section 3: up to six digits, and no limit is zero. */
const LIMIT = /^([A-Z0-9-]+)=([1-9]\d{0,5})$/;

function limitOf(word: string): readonly (readonly [string, number])[] {
  const [, name, value] = LIMIT.exec(word.toUpperCase()) ?? [];
  return name === undefined ? [] : [[name, Number(value)]];
}

function entryOf(line: string): readonly [string, string] {
  const [, keyword = '', parameters = ''] = /^(\S*)\s*(.*)$/s.exec(line) ?? [];
  return [keyword.toUpperCase(), parameters];
}
