/** What a session may answer in which state: greeting, transaction, content (RFC 5321 sections 3.3 and 4.1.4, RFC 3030). */
import { bdatOf, hasStray, normalized, unstuffed } from './framing.ts';
import type { Reply } from './reply-form.ts';
import type { Fitness, Rules } from './rules.ts';
import type { Mode } from './said.ts';
import { Violation } from './violation.ts';

/** What a mail is to hold, without the fields of the engine. */
export interface Content {
  readonly content: string;
  /**
   * `dots`: where lines did not end at CRLF, the RFCs leave open what a dot behind such an end is. `any`: it was binary, and
   * is encoded (RFC 3030 section 3).
   */
  readonly likeness: 'exact' | 'dots' | 'any';
  /** Whether a plugin has put `MARK` above it; `null`: nobody can say. */
  readonly marked: boolean | null;
}

/** A mail that the server said it had taken. */
export interface Taken extends Content {
  /** By LMTP maybe several: recipients of different groups. */
  readonly ids: string[];
  /** The argument of MAIL, and those of the RCPT commands for which it was taken. */
  readonly from: string;
  readonly to: string[];
}

/** Content as it was sent, without the dots of the transport, and which of its replies this is. */
interface Brought {
  readonly raw: string;
  readonly content: string;
  readonly index: number;
}

interface Transaction {
  readonly from: string;
  readonly to: string[];
  /** What BDAT has brought; `null`: nothing has come. */
  chunks: string | null;
  /** It may hold any octets, and comes by BDAT. */
  readonly binary: boolean;
  /** A chunk was refused: nothing of the transaction may be taken any more. */
  broken: boolean;
}

export const IS_BINARY = / BODY=BINARYMIME(?!\S)/i;
const ID = /queued as (\S+)$/;
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/** The codes of success of each command. */
const SUCCESS: Readonly<Record<string, readonly number[]>> = {
  EHLO: [250],
  HELO: [250],
  LHLO: [250],
  MAIL: [250],
  RCPT: [250],
  DATA: [354],
  RSET: [250],
  NOOP: [250],
  HELP: [214],
  VRFY: [250, 252],
  EXPN: [250, 252],
  QUIT: [221],
  AUTH: [235, 334],
  STARTTLS: [220],
  XCLIENT: [220],
  XFORWARD: [250],
};

/** Commands that succeed whatever came before. */
const ALWAYS: Readonly<Record<string, number>> = {
  RSET: 250,
  NOOP: 250,
  HELP: 214,
  QUIT: 221,
  'EHLO client.test': 250,
};

export class TransactionModel {
  readonly taken: Taken[] = [];
  readonly #rules: Rules;
  #greeted = false;
  #transactions = 0;
  /** What the content that is being answered has become. */
  #current: Taken | null = null;
  #transaction: Transaction | null = null;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  /** Recipients for which LMTP owes a reply after content. Once a chunk was refused there is no transaction any more. */
  get recipients(): number {
    return this.#transaction === null || this.#transaction.broken ? 0 : this.#transaction.to.length;
  }

  /** How many have begun. */
  get transactions(): number {
    return this.#transactions;
  }

  /** @returns the mode in which the server goes on. @throws Violation */
  command(line: string, { code }: Reply): Mode {
    const verb = verbOf(line);
    const must = this.#must(line);
    if (must !== null && code !== must) throw new Violation(`${code}, and not ${must}, to ${JSON.stringify(line)}`);
    if (code >= 400) return this.#failed(verb, line, code);
    const may = Object.hasOwn(SUCCESS, verb) && (SUCCESS[verb] ?? []).includes(code) && this.#makesSense(verb, line);
    if (!may) throw new Violation(`${code} to ${JSON.stringify(line)}`);
    return this.#succeed(verb, line, code);
  }

  /** One reply to content that came whole, and by LMTP the RCPT command that it is for. @throws Violation */
  content(stuffed: string, reply: Reply, index: number): void {
    this.#outcome({ raw: stuffed, content: unstuffed(stuffed), index }, reply);
  }

  /** The last reply to content is given. */
  contentOver(): void {
    this.#current = null;
    this.#transaction = null;
  }

  /** One reply to a chunk. @throws Violation */
  chunk(octets: string, last: boolean, reply: Reply, index: number): void {
    const transaction = this.#transaction;
    const fits = transaction !== null && transaction.to.length > 0 && !transaction.broken;
    if (reply.code < 400 && (reply.code !== 250 || !fits)) throw new Violation(`${reply.code} to a chunk out of place`);
    if (transaction === null) return;
    const all = (transaction.chunks ?? '') + octets;
    if (last && fits) return this.#outcome({ raw: all, content: all, index }, reply);
    if (reply.code === 250) transaction.chunks = all;
    else if (fits || transaction.broken) transaction.broken = true;
  }

  /** The last reply to a chunk is given. */
  chunkOver(last: boolean): void {
    if (last && this.#transaction !== null && this.#transaction.to.length > 0 && !this.#transaction.broken)
      this.contentOver();
  }

  #failed(verb: string, line: string, code: number): Mode {
    // Behind a BDAT of unknown size may follow anything.
    if (this.#rules.chunking && bdatOf(line) !== null) return 'closed';
    // Whoever is spoken for is let in or not like any other client.
    return verb === 'XCLIENT' && code === 554 ? 'closed' : 'command';
  }

  #makesSense(verb: string, line: string): boolean {
    const transaction = this.#transaction;
    const lmtp = this.#rules.protocol === 'lmtp';
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return !lmtp && !CONTROL.test(line);
      case 'LHLO':
        return lmtp && !CONTROL.test(line);
      case 'MAIL':
        return this.#greeted && (transaction === null || transaction.broken) && !CONTROL.test(line);
      case 'RCPT':
        return transaction !== null && transaction.chunks === null && !transaction.broken && !CONTROL.test(line);
      case 'XCLIENT':
      case 'XFORWARD':
        return transaction === null && !CONTROL.test(line);
      case 'DATA':
        return this.#mayBringContent() && /^DATA[ \t]*$/i.test(line);
      default:
        return true;
    }
  }

  #mayBringContent(): boolean {
    const transaction = this.#transaction;
    const begun = transaction === null || transaction.chunks !== null || transaction.broken;
    return !begun && transaction.to.length > 0 && !transaction.binary;
  }

  /** The code that nothing but a loss of patience can keep away. */
  #must(line: string): number | null {
    const { takesAnybody, protocol } = this.#rules;
    const hello = line === 'EHLO client.test';
    if (Object.hasOwn(ALWAYS, line) && !(hello && (!takesAnybody || protocol === 'lmtp'))) return ALWAYS[line] ?? null;
    if (line === 'DATA' && this.#mayBringContent()) return 354;
    if (!takesAnybody) return null;
    if (line === 'MAIL FROM:<ann@client.test>' && this.#greeted && this.#transaction === null) return 250;
    const begun = this.#transaction !== null && this.#transaction.chunks === null && !this.#transaction.broken;
    return line === 'RCPT TO:<bob@example.test>' && begun ? 250 : null;
  }

  #succeed(verb: string, line: string, code: number): Mode {
    const argument = line.slice(line.indexOf(':') + 1).trim();
    switch (verb) {
      case 'EHLO':
      case 'HELO':
      case 'LHLO':
        this.#greeted = true;
        this.#transaction = null;
        return 'command';
      case 'MAIL':
        this.#transactions += 1;
        this.#transaction = { from: argument, to: [], chunks: null, binary: IS_BINARY.test(line), broken: false };
        return 'command';
      case 'RCPT':
        this.#transaction?.to.push(argument);
        return 'command';
      case 'XCLIENT':
        this.#greeted = /\bHELO=/i.test(line);
        this.#transaction = null;
        return 'command';
      case 'RSET':
        this.#transaction = null;
        return 'command';
      case 'DATA':
        return 'content';
      case 'QUIT':
        return 'closed';
      case 'STARTTLS':
        return 'tls';
      default:
        return code === 334 ? 'answer' : 'command';
    }
  }

  #outcome({ raw, content, index }: Brought, { code, lines }: Reply): void {
    const { bareNewline, protocol } = this.#rules;
    const binary = this.#transaction?.binary ?? false;
    const stray = hasStray(raw) && !binary;
    const final = bareNewline === 'normalize' ? normalized(content) : content;
    const fitness: Fitness =
      stray && bareNewline === 'reject' ? 'refused' : binary ? 'either' : this.#rules.fitness(final);
    if (code >= 400) {
      if (fitness === 'taken') throw new Violation(`content refused without a reason: ${lines.join('|')}`);
      return;
    }
    const id = ID.exec(lines.at(-1) ?? '')?.[1];
    if (code !== 250 || id === undefined) throw new Violation(`this is no reply to content: ${lines.join('|')}`);
    if (fitness === 'refused') throw new Violation(`content taken that must be refused: ${JSON.stringify(final)}`);
    const { from, to } = this.#transaction ?? { from: '', to: [] };
    const mine = protocol === 'lmtp' ? to.slice(index, index + 1) : to;
    const use = this.#rules.use(final);
    if (this.#current !== null) {
      this.#current.ids.push(id);
      this.#current.to.push(...mine);
    } else if (use !== 'discarded') {
      this.#current = {
        ids: [id],
        content: final,
        likeness: binary ? 'any' : stray ? 'dots' : 'exact',
        marked: use === 'marked',
        from,
        to: [...mine],
      };
      this.taken.push(this.#current);
    }
  }
}

function verbOf(line: string): string {
  return (line.split(' ', 1)[0] ?? '').toUpperCase();
}
