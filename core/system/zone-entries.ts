/** Master files, taken apart: entries, and the words that they are made of (RFC 1035 section 5.1). */

/** One word: a name, a number, a string. */
export interface ZoneWord {
  /** Without quotes; escapes are what they stand for. */
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** What stands on one line, or in parentheses over several. */
export interface ZoneEntry {
  readonly words: readonly ZoneWord[];
  /** Whether it begins with a blank: it is about the name of the entry above. */
  readonly continues: boolean;
  readonly line: number;
}

/** A place where the text is no master file. */
export interface ZoneComplaint {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** A comment, a quoted string (whose end may be missing), a parenthesis, a line end, blanks, or a word. */
const PIECES =
  /(?<comment>;[^\n]*)|"(?<quoted>(?:[^"\\]|\\[^])*)(?<close>"?)|(?<paren>[()])|(?<end>\r?\n)|(?<blank>[ \t\f\v\r]+)|(?<word>(?:[^ \t\f\v\r\n;"()\\]|\\[^])+|\\)/gy;

/** Takes a master file apart. What is wrong is told to `complain`, and the rest is read all the same. */
export function entriesOf(text: string, complain: (complaint: ZoneComplaint) => void): readonly ZoneEntry[] {
  const entries: ZoneEntry[] = [];
  let words: ZoneWord[] = [];
  let [line, start, depth, continues, fresh] = [1, 0, 0, false, true];
  const finish = () => {
    const [first] = words;
    if (first !== undefined) entries.push({ words, continues, line: first.line });
    [words, continues, fresh] = [[], false, true];
  };
  for (const piece of text.matchAll(PIECES)) {
    const { quoted, close, paren, end, blank, word } = piece.groups ?? {};
    const column = piece.index - start + 1;
    const said = word ?? quoted;
    if (said !== undefined) words.push({ text: unescaped(said), line, column });
    if (close === '') complain({ line, column, message: 'the quoted string has no end' });
    if (blank !== undefined && fresh) continues = true;
    if (paren === '(') depth += 1;
    if (paren === ')' && depth-- === 0) {
      depth = 0;
      complain({ line, column, message: 'there is no "(" for this ")"' });
    }
    fresh = false;
    for (const lineEnd of piece[0].matchAll(/\n/g)) {
      line += 1;
      start = piece.index + lineEnd.index + 1;
    }
    if (end !== undefined && depth === 0) finish();
  }
  if (depth > 0) complain({ line, column: 1, message: 'a "(" has no ")"' });
  finish();
  return entries;
}

/** `\195\164` is octets of UTF-8, `\.` is a dot. */
function unescaped(text: string): string {
  return text.replace(/((?:\\\d{3})+)|\\([^])/g, (_, octets: string | undefined, letter: string) =>
    octets === undefined ? letter : Buffer.from(octets.split('\\').slice(1).map(Number)).toString('utf8'),
  );
}
