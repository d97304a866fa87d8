/**
 * Dice for the fuzzer: the same throws for the same seed, and a hundred times cheaper than the octets of a hash.
 *
 * The generator is sfc32 (PractRand's "small fast counting", 32 bits), seeded by FNV-1a over the text.
 */

/** Weight, and what has it. */
export type Weighted<T> = readonly [number, T];

export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: string) {
    this.#a = hash(seed, 0x811c9dc5);
    this.#b = hash(seed, 0x01000193);
    this.#c = hash(seed, 0x9e3779b9);
    for (let round = 0; round < 12; round += 1) this.#next();
  }

  /** 0 up to, but not including, the bound. */
  below(bound: number): number {
    return Math.floor((this.#next() / 2 ** 32) * bound);
  }

  /** Both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True so often, out of one. */
  chance(share: number): boolean {
    return this.#next() / 2 ** 32 < share;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)];
    if (one === undefined) throw new Error('nothing can be picked out of nothing');
    return one;
  }

  weighted<T>(list: readonly Weighted<T>[]): T {
    let left = this.below(list.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, one] of list) {
      left -= weight;
      if (left < 0) return one;
    }
    throw new Error('nothing can be picked out of nothing');
  }

  /** So many results, each of a throw of its own. */
  times<T>(count: number, make: () => T): readonly T[] {
    return Array.from({ length: count }, make);
  }

  /** Any octets, one character each. */
  octets(count: number): string {
    return String.fromCharCode(...this.times(count, () => this.below(256)));
  }

  #next(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0;
    return result >>> 0;
  }
}

function hash(text: string, basis: number): number {
  let value = basis;
  for (let at = 0; at < text.length; at += 1) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value | 0;
}
