/**
 * Names of mails that no other mail has, on any machine that writes into the same Maildir: time, process, count, host.
 *
 * The form is that of the Maildir book: seconds, a dot, what sets it apart within the second, a dot, the host.
 */
import type { Clock, Random } from '../../core/index.ts';

/** A name in `tmp`. In `new` the size follows it (`S=`), by which quotas are counted without looking at each file. */
export class UniqueNames {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #host: string;
  #count = 0;

  constructor(host: string, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
    // As the book says: a slash would lead elsewhere, a colon begins the flags. A comma begins our own size.
    this.#host = host.replaceAll('/', '\\057').replaceAll(':', '\\072').replaceAll(',', '\\054');
  }

  next(): string {
    const now = this.#clock.now().getTime();
    const seconds = Math.floor(now / 1000);
    const micros = (now % 1000) * 1000;
    this.#count += 1;
    // Chance tells apart what count cannot: two containers with one host name, and the same process number.
    const chance = this.#random.bytes(4).toString('hex');
    return `${seconds}.M${micros}P${process.pid}Q${this.#count}R${chance}.${this.#host}`;
  }
}
