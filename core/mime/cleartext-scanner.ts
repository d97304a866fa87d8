/** Text that is signed where it stands, found and digested piece by piece (RFC 9580 section 7). */
import { createHash, type Hash } from 'node:crypto';

const BEGIN = Buffer.from('-----BEGIN PGP SIGNED MESSAGE-----');
const END = Buffer.from('-----END PGP SIGNATURE-----');

/** Takes the octets of a text. Only what stands between the armor lines is covered. */
export class CleartextScanner {
  readonly #found: string[] = [];
  /** Of the text that is being read; `null` between texts. */
  #hash: Hash | null = null;
  /** What may be the start of a marker. */
  #rest: Buffer = Buffer.alloc(0);

  feed(piece: Buffer): void {
    let octets = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    for (let at = this.#next(octets); at !== -1; at = this.#next(octets)) {
      if (this.#hash === null) this.#hash = createHash('sha256');
      else {
        this.#found.push(this.#hash.update(octets.subarray(0, at)).digest('hex'));
        this.#hash = null;
      }
      octets = octets.subarray(at);
      if (this.#hash === null) continue;
      this.#hash.update(BEGIN);
      octets = octets.subarray(BEGIN.length);
    }
    const settled = Math.max(octets.length - BEGIN.length, 0);
    this.#hash?.update(octets.subarray(0, settled));
    this.#rest = Buffer.from(octets.subarray(settled));
  }

  /** One digest for each text that ends. */
  end(): readonly string[] {
    return this.#found;
  }

  #next(octets: Buffer): number {
    return octets.indexOf(this.#hash === null ? BEGIN : END);
  }
}
