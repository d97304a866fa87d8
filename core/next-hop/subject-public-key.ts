/**
 * The public key of a certificate, octet for octet as it stands there (RFC 5280 section 4.1): what a digest in a TLSA record
 * is made of. A key that is read and written again may be written differently.
 */

const SEQUENCE = 0x30;
const VERSION = 0xa0;
/** Of the fields before it: serial number, signature algorithm, issuer, validity, subject. */
const FIELDS_BEFORE = 5;

/** The `SubjectPublicKeyInfo` of a certificate in DER, or `null` where there is none. */
export function subjectPublicKeyOf(certificate: Buffer): Buffer | null {
  const outer = elementAt(certificate, 0);
  const signed = outer?.tag === SEQUENCE ? elementAt(certificate, outer.content) : null;
  if (signed?.tag !== SEQUENCE) return null;
  let at = signed.content;
  const first = elementAt(certificate, at);
  if (first?.tag === VERSION) at = first.end;
  for (let field = 0; field < FIELDS_BEFORE; field += 1) {
    const element = elementAt(certificate, at);
    if (element === null || element.end > signed.end) return null;
    at = element.end;
  }
  const key = elementAt(certificate, at);
  return key?.tag === SEQUENCE && key.end <= signed.end ? certificate.subarray(at, key.end) : null;
}

interface Element {
  readonly tag: number;
  /** Where its content begins, and where it ends. */
  readonly content: number;
  readonly end: number;
}

/** Tag and length (X.690 section 8.1), the length in up to four octets. */
function elementAt(octets: Buffer, at: number): Element | null {
  const tag = octets[at];
  const first = octets[at + 1];
  if (tag === undefined || first === undefined) return null;
  const count = first < 0x80 ? 0 : first & 0x7f;
  const content = at + 2 + count;
  if (count > 4 || first === 0x80 || content > octets.length) return null;
  const length = count === 0 ? first : octets.readUIntBE(at + 2, count);
  const end = content + length;
  return end > octets.length ? null : { tag, content, end };
}
