/** What a client's line of a dialogue means in octets: escapes, and base64 of what AUTH sends. */

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', '0': '\0', '\\': '\\' };

/** With a line end, unless the line ends with `\`. */
export function octetsOf(text: string): Buffer {
  const unescaped = (part: string) =>
    part.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, letter: string) =>
      hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
  const encoded = inBase64(text, unescaped);
  // Escapes are octets; what is not ASCII in the dialogue is UTF-8.
  const pieces = encoded.replace(/\\$/, '').split(/((?:\\(?:x[0-9a-f]{2}|.))+)/);
  return Buffer.concat([
    ...pieces.map((piece, index) => Buffer.from(unescaped(piece), index % 2 === 1 ? 'latin1' : 'utf8')),
    Buffer.from(text.endsWith('\\') ? '' : '\r\n'),
  ]);
}

/** What stands in `base64(...)` as base64. */
export function inBase64(text: string, unescaped: (part: string) => string = part => part): string {
  return text.replaceAll(/base64\(([^)]*)\)/g, (_, part: string) => Buffer.from(unescaped(part)).toString('base64'));
}
