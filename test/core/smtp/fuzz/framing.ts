/**
 * Octets of a client cut into what they say: lines, content, chunks (RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2, RFC 3030
 * section 2). One character an octet. Written from the RFCs and not from our code, as simply as can be.
 */

/** Something whole, and where what follows it begins. */
export interface Framed {
  readonly octets: string;
  readonly next: number;
}

/** A line that ends at LF, without its end; `clean`: it ends at CRLF, and holds no other CR. */
export function lineAt(sent: string, at: number): (Framed & { readonly clean: boolean }) | null {
  const lf = sent.indexOf('\n', at);
  if (lf === -1) return null;
  const ended = lf > at && sent[lf - 1] === '\r';
  const octets = sent.slice(at, ended ? lf - 1 : lf);
  return { octets, next: lf + 1, clean: ended && !octets.includes('\r') };
}

/** Content that ends at a line of one dot, still stuffed, with the CRLF of its last line. */
export function contentAt(sent: string, at: number): Framed | null {
  if (sent.startsWith('.\r\n', at)) return { octets: '', next: at + 3 };
  const end = sent.indexOf('\r\n.\r\n', at);
  return end === -1 ? null : { octets: sent.slice(at, end + 2), next: end + 5 };
}

/** Exactly so many octets. */
export function chunkAt(sent: string, at: number, size: number): Framed | null {
  return sent.length - at < size ? null : { octets: sent.slice(at, at + size), next: at + size };
}

/** Takes off the dot at the beginning of each line. A line begins after CRLF. */
export function unstuffed(content: string): string {
  return content.replaceAll(/(^|\r\n)\./g, '$1');
}

/** The first thing in content that RFC 5321 section 2.3.8 forbids. */
export function hasStray(content: string): boolean {
  return /\0|\r(?!\n)|(?<!\r)\n/.test(content);
}

/** Every CR and LF made one line end, and NUL gone. */
export function normalized(content: string): string {
  return content.replaceAll(/\r\n|\r|\n/g, '\r\n').replaceAll('\0', '');
}

/** What a line says that begins with BDAT: `malformed` where nobody can say how many octets follow. */
export type Bdat =
  | { readonly kind: 'chunk'; readonly size: number; readonly last: boolean }
  | { readonly kind: 'malformed' };

/** `null`: the line is another command. */
export function bdatOf(line: string): Bdat | null {
  if (!/^BDAT(?![A-Z0-9])/i.test(line)) return null;
  const [, size, last] = /^BDAT +(\d{1,15})( +LAST)?[ \t]*$/i.exec(line) ?? [];
  return size === undefined ? { kind: 'malformed' } : { kind: 'chunk', size: Number(size), last: last !== undefined };
}
