/**
 * A reference of the protocol, just precise enough to judge a listener: it reads what the client said, hears what the
 * server says, and objects where the one cannot be the answer to the other.
 *
 * Which mode an octet belongs to (command, content, chunk, AUTH) depends on replies; the reference takes those from the
 * server and holds each against what RFC 5321 allows at that point. So it knows no policy, and yet: how many replies are
 * due, that none is missing, surplus or out of order, and which content each acceptance is for.
 */
import { candidatesIn } from './candidates.ts';
import { bdatOf, hasStray, normalized } from './framing.ts';
import { checkCharacters, checkStatus, type Reply } from './reply-form.ts';
import type { Rules } from './rules.ts';
import { type Mode, type Said, Transmission } from './said.ts';
import { type Content, IS_BINARY, type Taken, TransactionModel } from './transaction-model.ts';
import { Violation } from './violation.ts';

/** RFC 4954 section 4. */
const LONGEST_RESPONSE = 12_288;

export class Reference {
  readonly #rules: Rules;
  readonly #sent: Transmission;
  readonly #model: TransactionModel;
  #mode: Mode = 'greeting';
  #said: Said | null = null;
  /** Replies that are due to it. */
  #due = 0;
  #owed = 0;
  #early = false;
  readonly #counts = { errors: 0, commands: 0, unknownCommands: 0, failedLogins: 0 };
  /** After a line that is too long, and whose end is in doubt as well, the server may go on or not. */
  #mayClose = false;

  constructor(rules: Rules) {
    this.#rules = rules;
    this.#sent = new Transmission(rules);
    this.#model = new TransactionModel(rules);
  }

  get taken(): readonly Taken[] {
    return this.#model.taken;
  }

  /** Every content that the octets hold, whatever the replies were. */
  candidates(): readonly Content[] {
    return candidatesIn(this.#sent.all).map(({ raw, content }) => ({
      content: this.#rules.bareNewline === 'normalize' ? normalized(content) : content,
      likeness: IS_BINARY.test(this.#sent.all) ? 'any' : hasStray(raw) ? 'dots' : 'exact',
      marked: null,
    }));
  }

  /** The client has sent octets. */
  say(octets: string): void {
    this.#early ||= this.#mode === 'greeting';
    this.#sent.add(octets);
  }

  /** The client is one to whom nothing is said. */
  hearsNothing(): void {
    this.#mode = 'closed';
  }

  /** Whether a reply is due. */
  get owes(): boolean {
    return this.#next() !== null;
  }

  /** Whether what the server sends is replies still. */
  get listens(): boolean {
    return this.#mode !== 'tls';
  }

  /** What a reply is due to. */
  describe(): string {
    return `${JSON.stringify(this.#next())} (${this.#mode})`;
  }

  /** The server has said something. @throws Violation */
  hear(reply: Reply): void {
    if (this.#mode === 'closed') throw new Violation(`a reply after the last one: ${reply.lines.join('|')}`);
    const said = this.#next();
    if (said === null) return this.#unasked(reply);
    checkCharacters(reply, said.kind === 'command' ? said.line : '');
    checkStatus(reply, isBare(said, reply));
    this.#count(said, reply);
    this.#due -= 1;
    this.#said = this.#due > 0 ? said : null;
    if (reply.code === 421) this.#hangsUp(said, reply);
    else this.#judge(said, reply);
  }

  /**
   * The server has closed. `finished`: after the client had said all that it had to say, and listened.
   * @throws Violation
   */
  closed(how: 'finished' | 'vanished'): void {
    const over = this.#mode === 'closed' || this.#mode === 'tls' || this.#mayClose;
    // Whoever has nothing more to say before it is greeted may go without a greeting.
    if (how === 'vanished' || over || this.#mode === 'greeting') return;
    if (this.owes) throw new Violation(`closed without a reply to ${this.describe()}`);
  }

  #next(): Said | null {
    if (this.#said !== null) return this.#said;
    const said = this.#sent.read(this.#mode);
    this.#said = said;
    if (said !== null) this.#due = this.#owed = this.#repliesTo(said);
    return said;
  }

  /** RFC 2033 section 4.2: after the content LMTP has one reply a recipient, the same recipient twice included. */
  #repliesTo(said: Said): number {
    const last = said.kind === 'content' || (said.kind === 'chunk' && said.last);
    return this.#rules.protocol === 'lmtp' && last ? Math.max(1, this.#model.recipients) : 1;
  }

  #judge(said: Said, reply: Reply): void {
    switch (said.kind) {
      case 'connection':
        if (reply.code !== 220 && reply.code < 400) throw new Violation(`no greeting: ${reply.lines.join('|')}`);
        this.#mode = reply.code === 220 ? 'command' : 'closed';
        return;
      case 'command':
        if (!this.#refusesLine(said, reply)) this.#mode = this.#model.command(said.line, reply);
        return;
      case 'answer':
        if (this.#refusesLine(said, reply)) {
          if (said.clean) this.#mode = 'command';
          return;
        }
        if (reply.code < 400 && reply.code !== 235 && reply.code !== 334) throw new Violation(`${reply.code} in AUTH`);
        this.#mode = reply.code === 334 ? 'answer' : 'command';
        return;
      case 'content':
        this.#model.content(said.octets, reply, this.#owed - this.#due - 1);
        if (this.#due > 0) return;
        this.#model.contentOver();
        this.#mode = 'command';
        return;
      case 'chunk':
        this.#model.chunk(said.octets, said.last, reply, this.#owed - this.#due - 1);
        if (this.#due === 0) this.#model.chunkOver(said.last);
    }
  }

  /** A line that is too long, or does not end at CRLF where that matters, is refused; the latter ends the session. */
  #refusesLine(
    { kind, line, clean }: Extract<Said, { line: string; clean: boolean }>,
    { code, lines }: Reply,
  ): boolean {
    const overlong =
      line.length > (kind === 'answer' ? Math.max(LONGEST_RESPONSE, this.#rules.commandLine) : this.#rules.commandLine);
    if (clean && !overlong) return false;
    if (code < 400) throw new Violation(`${lines.join('|')} to ${JSON.stringify(line)}, which is no line`);
    if (!overlong || bdatOf(line) !== null) this.#mode = 'closed';
    this.#mayClose ||= !clean;
    return true;
  }

  #count(said: Said, { code }: Reply): void {
    const counts = this.#counts;
    counts.commands += 1;
    if (code === 250 && (said.kind === 'content' || (said.kind === 'chunk' && said.last))) {
      counts.commands = counts.errors = 0;
    }
    if (code < 400) return;
    counts.errors += 1;
    const login = said.kind === 'answer' || (said.kind === 'command' && /^AUTH/i.test(said.line));
    if (login) counts.failedLogins += 1;
    // The last of them is answered by 421 at once.
    if (code === 500 || code === 421) counts.unknownCommands += 1;
  }

  /** 421 may come at any time if there is a reason, and a line may be too long before it ends. */
  #unasked(reply: Reply): void {
    checkCharacters(reply, '');
    checkStatus(reply, false);
    const overlong = this.#mode !== 'content' && this.#sent.pending > this.#rules.commandLine;
    const may = overlong ? reply.code === 500 || reply.code === 421 : reply.code === 421 && this.#hasReason();
    if (!may) throw new Violation(`a reply to nothing: ${reply.lines.join('|')}`);
    this.#mode = 'closed';
  }

  #hangsUp(said: Said, reply: Reply): void {
    const early = said.kind === 'connection' && this.#early;
    const browser = said.kind === 'command' && / HTTP\//i.test(said.line);
    if (!early && !browser && !this.#hasReason()) {
      throw new Violation(`hangs up without a reason: ${reply.lines.join('|')} to ${JSON.stringify(said)}`);
    }
    this.#mode = 'closed';
  }

  #hasReason(): boolean {
    const { patience, moody } = this.#rules;
    const { errors, commands, unknownCommands, failedLogins } = this.#counts;
    return (
      moody ||
      this.#mayClose ||
      errors >= patience.errors ||
      commands >= patience.commands ||
      this.#model.transactions >= patience.transactions ||
      unknownCommands >= patience.unknownCommands ||
      failedLogins >= patience.failedLogins
    );
  }
}

/** RFC 2034 section 4: no enhanced status in greetings, in the answer to EHLO, and in 3yz. */
function isBare(said: Said, { code }: Reply): boolean {
  if (code === 334 || code === 354) return true;
  if (said.kind === 'connection') return code === 220;
  if (said.kind !== 'command') return false;
  return code === 250 ? /^(?:EHLO|HELO|LHLO)\b/i.test(said.line) : code === 220 && /^XCLIENT\b/i.test(said.line);
}
