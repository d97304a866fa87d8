/**
 * What kept an entry out of a mailbox, in a form that crosses threads.
 *
 * This file and all others that a writer's thread loads take nothing but types from the core: every thread would load the
 * whole of it anew.
 */
import type { Refusal } from '../../core/index.ts';

/** Why an entry is not in the mailbox. */
export interface Trouble {
  readonly because: string;
  /** The errno of the system, or `null` where the system has not failed. */
  readonly code: string | null;
  /** `null` where the errno decides. */
  readonly reply: Refusal | null;
}

/** Thrown where it is known what is to be replied. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly reply: Refusal;
  /** As the system would have said it, where the refusal concerns one entry and not the whole mailbox. */
  readonly code: string | null;

  constructor(reply: Refusal, because: string, code: string | null = null) {
    super(because);
    this.reply = reply;
    this.code = code;
  }
}

/** A mailbox that has no room. */
export function full(because: string): Refused {
  return new Refused({ code: 552, status: '5.2.2', text: 'Mailbox is full' }, because, 'EDQUOT');
}

/** A mailbox, or the way to it, that must not be written to. */
export function notSetUp(because: string): Refused {
  return new Refused({ code: 451, status: '4.3.5', text: 'Mailbox is not set up correctly, try again later' }, because);
}

/** Any value that was thrown. */
export function troubleOf(error: unknown): Trouble {
  const because = error instanceof Error && error.message !== '' ? error.message : String(error);
  return { because, code: codeOf(error), reply: error instanceof Refused ? error.reply : null };
}

/** The errno of a system error, or `null` where the value is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
