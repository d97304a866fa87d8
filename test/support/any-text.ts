/** Text for property tests: any sequence of UTF-16 units, lone surrogates and control characters among them. */
import * as fc from './fast-check.ts';

/** Any text at all, or text put together from pieces that matter to the parser under test. */
export function anyText(...pieces: readonly string[]): fc.Arbitrary<string> {
  const units = fc.array(fc.oneof(fc.nat(0x7f), fc.nat(0xffff))).map(codes => String.fromCharCode(...codes));
  if (pieces.length === 0) return units;
  return fc.oneof(
    units,
    fc.array(fc.constantFrom(...pieces)).map(parts => parts.join('')),
  );
}
