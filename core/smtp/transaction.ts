/**
 * One mail transaction: from an accepted MAIL to the end of the content, or to whatever resets it
 * (RFC 5321 section 3.3).
 */
import type { ForwardPath, ReversePath } from '../mail/address.ts';
import { type Envelope, type MailParameters, type Recipient, recipientKey, withoutSuccess } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import { formatMailbox } from '../mail/path.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { Chunks } from './chunks.ts';

/** What is known when MAIL is accepted. */
export interface TransactionStart {
  readonly reversePath: ReversePath;
  readonly parameters: MailParameters;
  readonly facts: Facts;
  readonly steps: Trace;
}

/** A RCPT that was accepted. */
export interface AcceptedRcpt {
  /** What the client said. */
  readonly original: ForwardPath;
  /** What it stands for: itself, or what an alias leads to. */
  readonly recipients: readonly Recipient[];
  /** See `Chain.groupOf`. */
  readonly group: string;
  readonly facts: Facts;
  readonly steps: Trace;
}

/** An accepted RCPT, and who it stands for, by the keys of `recipientKey`. */
export interface RcptCommand {
  readonly original: ForwardPath;
  readonly keys: readonly string[];
}

const MOST_REFUSED_KEPT = 100;

/** The envelope as it grows. */
export class Transaction {
  readonly reversePath: ReversePath;
  readonly parameters: MailParameters;
  #facts: Facts;
  readonly #steps: TraceStep[];
  #group: string | null = null;
  #refused = 0;
  /** By what RCPT said. */
  readonly #originals = new Map<string, RcptCommand>();
  readonly #commands: RcptCommand[] = [];
  #chunks: Chunks | null = null;
  readonly #recipients = new Map<string, Recipient>();

  constructor({ reversePath, parameters, facts, steps }: TransactionStart) {
    this.reversePath = reversePath;
    this.parameters = parameters;
    this.#facts = facts;
    this.#steps = [...steps];
  }

  get facts(): Facts {
    return this.#facts;
  }

  /** Of MAIL and RCPT so far. */
  get steps(): Trace {
    return this.#steps;
  }

  get envelope(): Envelope {
    return {
      reversePath: this.reversePath,
      recipients: [...this.#recipients.values()],
      parameters: this.parameters,
    };
  }

  /** What the accepted RCPT commands said, each once. */
  get originals(): readonly ForwardPath[] {
    return [...this.#originals.values()].map(({ original }) => original);
  }

  /** How many they are. */
  get size(): number {
    return this.#originals.size;
  }

  /** The accepted RCPT commands in their order, doubles included: LMTP answers each (RFC 2033 section 4.2). */
  get commands(): readonly RcptCommand[] {
    return this.#commands;
  }

  /** Whether the content will have no lines (RFC 3030 section 3). */
  get isBinary(): boolean {
    return this.parameters.body === 'binarymime';
  }

  /** Where BDAT has begun. */
  get chunks(): Chunks | null {
    return this.#chunks;
  }

  /** BDAT begins. */
  begin(chunks: Chunks): Chunks {
    this.#chunks = chunks;
    return chunks;
  }

  /** It is reset: chunks that have come so far come to nothing. */
  abandon(): void {
    this.#chunks?.abandon();
  }

  /** Whether a RCPT with this very path was accepted before. */
  has(forwardPath: ForwardPath): boolean {
    return this.#originals.has(formatMailbox(forwardPath));
  }

  /** The same RCPT once more. @returns how many there are by now. */
  again(forwardPath: ForwardPath): number {
    const command = this.#originals.get(formatMailbox(forwardPath));
    if (command !== undefined) this.#commands.push(command);
    return this.#commands.length;
  }

  /** Whether a recipient of another group was accepted before. */
  isOfOtherGroup(group: string): boolean {
    return this.#group !== null && this.#group !== group;
  }

  /** Keeps what was asked about a recipient that was refused, but not of all that somebody may guess. */
  refuse(steps: Trace): void {
    this.#refused += 1;
    if (this.#refused <= MOST_REFUSED_KEPT) this.#steps.push(...steps);
  }

  /** Adds to the envelope. A mailbox to which several ways lead is there once, by the first of them. */
  accept({ original, recipients, group, facts, steps }: AcceptedRcpt): void {
    this.#steps.push(...steps);
    const keys = recipients.map(recipientKey);
    const command = { original, keys };
    this.#originals.set(formatMailbox(original), command);
    this.#commands.push(command);
    this.#group ??= group;
    this.#facts = facts;
    let answers = true;
    for (const [index, recipient] of recipients.entries()) {
      const key = keys[index] ?? '';
      if (this.#recipients.has(key)) continue;
      // Several are behind one address: the first alone answers for the success of all (RFC 3461 section 5.2.7.3).
      const dsn = answers ? recipient.dsn : withoutSuccess(recipient.dsn);
      this.#recipients.set(key, dsn === recipient.dsn ? recipient : { ...recipient, dsn });
      answers = false;
    }
  }
}
