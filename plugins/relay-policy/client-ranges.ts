/** The clients that may relay, as ranges of IP addresses. */

/** Whether the range holds every address of its family: whoever may relay from there may relay from anywhere. */
export function isEverybody(range: string): boolean {
  return range.endsWith('/0');
}

/** Whether ranges of one family hold every address of it together: `0.0.0.0/1` and `128.0.0.0/1`. */
export function areEverybody(ranges: readonly string[]): boolean {
  return [false, true].some(six => {
    const bits = six ? 128 : 32;
    const spans = ranges.filter(range => range.includes(':') === six).map(range => spanOf(range, bits));
    let next = 0n;
    for (const { first, last } of spans.sort((one, other) => (one.first < other.first ? -1 : 1))) {
      if (first > next) return false;
      if (last >= next) next = last + 1n;
    }
    return next === 1n << BigInt(bits);
  });
}

function spanOf(range: string, bits: 32 | 128): { readonly first: bigint; readonly last: bigint } {
  const [network = '', prefix = String(bits)] = range.split('/');
  const size = 1n << BigInt(bits - Number(prefix));
  const first =
    (bits === 32 ? numberOf(network.split('.'), 256n, 10) : numberOf(groupsOf(network), 65_536n, 16)) / size;
  return { first: first * size, last: (first + 1n) * size - 1n };
}

function numberOf(digits: readonly string[], base: bigint, radix: 10 | 16): bigint {
  return digits.reduce((sum, digit) => sum * base + BigInt(Number.parseInt(digit, radix)), 0n);
}

/** All eight, with the zeros that `::` stands for. */
function groupsOf(address: string): readonly string[] {
  const [front = [], back] = address.split('::').map(half => half.split(':').filter(group => group !== ''));
  if (back === undefined) return front;
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
}
