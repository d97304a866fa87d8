/**
 * One program to which mail is given, a run for each recipient.
 *
 * Guarantee: a recipient is delivered to where the program has ended with 0, and never otherwise. A program that takes too
 * long is ended, with all that it has started.
 */
import {
  bouncedBy,
  type Clock,
  type Command,
  contentOf,
  deferredBy,
  deliveredTo,
  deliveryFields,
  describeError,
  finalContent,
  formatFromLineDate,
  formatMailbox,
  type Log,
  type Mail,
  type Outcome,
  type Preview,
  type Processes,
  type Recipient,
  withLf,
} from '../../core/index.ts';
import { filled, isTakenForOption, valuesFor } from './arguments.ts';
import { outcomeOfFailure } from './exit-status.ts';

/** How a program is run, and what it gets. */
export interface PipeSettings {
  /** An absolute path. */
  readonly program: string;
  /** With placeholders. */
  readonly args: readonly string[];
  readonly directory: string;
  readonly user: number | null;
  readonly group: number | null;
  readonly env: Readonly<Record<string, string>>;
  readonly delimiters: string;
  readonly fields: 'delivery' | 'none';
  readonly fromLine: 'write' | 'leave out';
  readonly lineEnds: 'lf' | 'crlf';
  /** In milliseconds. */
  readonly timeout: number;
  /** In octets; `null`: any. */
  readonly maxSize: number | null;
}

/** What a delivery has at hand. */
export interface Delivering {
  readonly signal: AbortSignal;
  readonly log: Log;
}

const LOOP = { code: 554, status: '5.4.6', text: 'Mail loop: this mail was delivered here before' } as const;
const NO_ARGUMENT = { code: 553, status: '5.1.3', text: 'This address cannot be given to the program' } as const;
const TOO_LARGE = { code: 552, status: '5.3.4', text: 'Mail is too large for the program' } as const;
const NOT_RUN = { code: 451, status: '4.3.0', text: 'The program could not be run, try again later' } as const;
const SEARCHED = '/usr/local/bin:/usr/bin:/bin';
/** Of what a program says, in characters. */
const OUTPUT = 4096;

/** A run that is to be made, or why there is none. */
type Prepared =
  | { readonly kind: 'run'; readonly command: Command; readonly input: AsyncIterable<Buffer> }
  | { readonly kind: 'refused'; readonly outcome: Outcome };

export class Pipe {
  readonly #settings: PipeSettings;
  readonly #processes: Processes;
  readonly #clock: Clock;

  constructor(settings: PipeSettings, { processes, clock }: { readonly processes: Processes; readonly clock: Clock }) {
    this.#settings = settings;
    this.#processes = processes;
    this.#clock = clock;
  }

  /** Does not reject: what fails makes the mail wait. */
  async deliver(mail: Mail, recipient: Recipient, { signal, log }: Delivering): Promise<Outcome> {
    const { maxSize, timeout, program } = this.#settings;
    if (maxSize !== null && mail.content.size > maxSize) return bouncedBy(TOO_LARGE);
    const late = new AbortController();
    const over = new AbortController();
    const watch = this.#clock.sleep(timeout, over.signal).then(
      () => late.abort(new Error(`${program} took longer than ${timeout} ms`)),
      () => undefined,
    );
    try {
      return await this.#run(mail, recipient, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      const cause = describeError(late.signal.aborted ? late.signal.reason : error);
      log.error('failed', { program, recipient: formatMailbox(recipient.forwardPath), cause });
      return deferredBy(NOT_RUN);
    } finally {
      over.abort();
      await watch;
    }
  }

  /** What `deliver` would do. */
  async preview(mail: Mail, recipient: Recipient): Promise<Preview> {
    const { maxSize, program } = this.#settings;
    const none = { recipients: [recipient], act: null, content: mail.content };
    if (maxSize !== null && mail.content.size > maxSize) return { ...none, outcome: bouncedBy(TOO_LARGE) };
    const run = await this.#prepare(mail, recipient);
    if (run.kind === 'refused') return { ...none, outcome: run.outcome };
    const { args, directory, user, group } = run.command;
    const content = contentOf(Buffer.concat(await Array.fromAsync(run.input)));
    const act = { kind: 'program', command: [program, ...args], directory, user, group } as const;
    return { ...none, act, content, outcome: deliveredTo(`pipe ${program}`) };
  }

  async #run(mail: Mail, recipient: Recipient, signal: AbortSignal): Promise<Outcome> {
    const run = await this.#prepare(mail, recipient);
    if (run.kind === 'refused') return run.outcome;
    const ended = await this.#processes.run(run.command, run.input, signal);
    // Who has ended well has the mail, however late.
    if (ended.code === 0) return deliveredTo(`pipe ${this.#settings.program}`);
    signal.throwIfAborted();
    return outcomeOfFailure(ended);
  }

  async #prepare(mail: Mail, recipient: Recipient): Promise<Prepared> {
    const { args, delimiters, fields, lineEnds } = this.#settings;
    const values = valuesFor(mail, recipient, delimiters);
    const given = args.map(one => filled(one, values));
    if (args.some((one, at) => isTakenForOption(one, given[at] ?? '')))
      return { kind: 'refused', outcome: bouncedBy(NO_ARGUMENT) };
    const { content } = mail;
    const final = fields === 'delivery' ? await finalContent(content, lineEnds) : null;
    if (final?.hasLooped(recipient) === true) return { kind: 'refused', outcome: bouncedBy(LOOP) };
    const lines = final?.lines() ?? (lineEnds === 'lf' ? withLf(content.stream()) : content.stream());
    const input = below(this.#above(mail, recipient), lines);
    return { kind: 'run', command: this.#command(given, values), input };
  }

  #command(
    args: readonly string[],
    { sender, recipient }: { readonly sender: string; readonly recipient: string },
  ): Command {
    const { program, env, directory, user, group } = this.#settings;
    const known = { PATH: SEARCHED, SENDER: sender, RECIPIENT: recipient };
    return { program, args, env: { ...known, ...env }, directory, user, group, outputLimit: OUTPUT };
  }

  /** What stands above the mail. */
  #above(mail: Mail, recipient: Recipient): string {
    const { fields, fromLine, lineEnds } = this.#settings;
    const { reversePath } = mail.envelope;
    const date = this.#clock.now();
    const sender = reversePath === null ? 'MAILER-DAEMON' : formatMailbox(reversePath);
    const first = fromLine === 'write' ? `From ${sender} ${formatFromLineDate(date)}\n` : '';
    const text = first + (fields === 'delivery' ? deliveryFields({ reversePath, recipient, date }) : '');
    return lineEnds === 'lf' ? text : text.replaceAll('\n', '\r\n');
  }
}

async function* below(above: string, lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (above !== '') yield Buffer.from(above);
  yield* lines;
}
