/** The head of the first message of SCRAM and OAUTHBEARER (RFC 5801 section 4): channel binding, and whom to act for. */

/** What it says. */
export interface Gs2Header {
  readonly kind: 'header';
  /** As it was sent, with its last comma. */
  readonly text: string;
  /** `null`: whoever the client shows to be. */
  readonly actFor: string | null;
  /** The rest of the message. */
  readonly rest: string;
}

/** `binding`: it insists on channel binding, which is for mechanisms whose name ends in -PLUS. */
export type ReadGs2Header = Gs2Header | { readonly kind: 'binding' } | { readonly kind: 'malformed' };

const FORM = /^(?:[ny]|(p=[A-Za-z0-9.-]+)),(?:a=([^,]+))?,/;

/** Reads the head of a message. */
export function readGs2Header(message: string): ReadGs2Header {
  const [text, binding, name] = FORM.exec(message) ?? [];
  if (text === undefined) return { kind: 'malformed' };
  if (binding !== undefined) return { kind: 'binding' };
  const actFor = name === undefined ? null : decodeName(name);
  if (name !== undefined && actFor === null) return { kind: 'malformed' };
  return { kind: 'header', text, actFor, rest: message.slice(text.length) };
}

/** A `saslname` of RFC 5802 section 7: comma and equals sign are `=2C` and `=3D`. `null` where it is none. */
export function decodeName(name: string): string | null {
  if (/=(?!2C|3D)/.test(name) || name.includes('\0')) return null;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
