/** The lines of a mailcap file: comments left out, lines that go on joined, fields parted (RFC 1524 section 3). */

/** A mailcap file is a person's own: this is for one that is none. In characters. */
const LONGEST_LINE = 64 * 1024;

/** The fields of each entry. `\;` is a semicolon of the field; other backslashes are the shell's and stay. */
export function* logicalLine(text: string): Generator<readonly string[]> {
  let joined = '';
  for (const line of text.split(/\r?\n/)) {
    // A comment between lines that belong together does not part them.
    if (/^\s*#/.test(line)) continue;
    const goesOn = /(?<!\\)(?:\\\\)*\\$/.test(line);
    joined += goesOn ? line.slice(0, -1) : line;
    if (goesOn) continue;
    if (joined.trim() !== '' && joined.length <= LONGEST_LINE) yield fieldsOf(joined);
    joined = '';
  }
  if (joined.trim() !== '' && joined.length <= LONGEST_LINE) yield fieldsOf(joined);
}

function fieldsOf(line: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at);
    const next = line.charAt(at + 1);
    if (character === '\\' && next !== '') {
      field += next === ';' ? ';' : character + next;
      at += 1;
    } else if (character === ';') {
      fields.push(field.trim());
      field = '';
    } else {
      field += character;
    }
  }
  return [...fields, field.trim()];
}
