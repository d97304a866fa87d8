/**
 * A secret: a value that must not be seen.
 *
 * Guarantee: whatever turns it into text (a template, JSON, `console.log`, an error message) shows `[secret]`. Only
 * `reveal` gives it away, so every place that does can be found by searching for that word.
 */
import { inspect } from 'node:util';

const SHOWN = '[secret]';

export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The secret itself. Call it at the last moment, and keep what it returns in no field, log or error. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}
