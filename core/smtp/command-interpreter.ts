/**
 * What each line of a client is answered: commands are found and carried out, what cannot be read is refused, and who has
 * said too much of a kind is sent away.
 */
import { isUtf8 } from 'node:buffer';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import type { ClientStream } from './client-stream.ts';
import { isHttpRequest, parseCommand } from './command.ts';
import { bringsOctets, isSmallTalk, type Receipt, takeChunk, takeData } from './content-commands.ts';
import type { Conversation } from './conversation.ts';
import type { Line, LineRules } from './line-buffer.ts';
import { LONGEST_RESPONSE, Login } from './login.ts';
import type { ListenerOptions } from './options.ts';
import { Patience } from './patience.ts';
import { obey } from './plain-commands.ts';
import {
  BARE_NEWLINE,
  CHUNK_OF_UNKNOWN_SIZE,
  CONTROL_CHARACTER,
  HTTP_CLIENT,
  LINE_TOO_LONG,
  NOT_UTF8,
  type Said,
  TOO_MANY_ERRORS,
  UNKNOWN_COMMAND,
} from './replies.ts';

/** What commands need of the connection. */
export interface Wire {
  /** Where content comes from; `null`: the client has left. */
  readonly stream: () => ClientStream | null;
  /** Says something before a command is over. */
  readonly say: (reply: Said) => void;
  /** STARTTLS. @returns what is left to be said. */
  readonly startTls: (argument: string) => readonly Said[];
  /** What stands between the client and a command, whatever it may be; `null`: nothing. */
  readonly refusal: (verb: string) => Said | null;
}

type Rules = Pick<ListenerOptions, 'limits' | 'bareNewline'>;

/** No tab is one: they stand in commands of other people's software, between words. */
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f]/;

export class CommandInterpreter {
  readonly #conversation: Conversation;
  readonly #commandLines: LineRules;
  readonly #responseLines: LineRules;
  readonly #login: Login;
  readonly #patience: Patience;
  readonly #wire: Wire;

  constructor(conversation: Conversation, { limits, bareNewline }: Rules, wire: Wire) {
    const ends = bareNewline === 'reject' ? 'strict' : 'lenient';
    this.#conversation = conversation;
    this.#commandLines = { longest: limits.commandLine, ends };
    this.#responseLines = { longest: Math.max(limits.commandLine, LONGEST_RESPONSE), ends };
    this.#login = new Login(conversation);
    this.#patience = new Patience(limits);
    this.#wire = wire;
  }

  /** What the next line may be. */
  get lineRules(): LineRules {
    return this.#login.waiting ? this.#responseLines : this.#commandLines;
  }

  /** @returns the replies; none where all has been said on the way, or nobody is there to hear. */
  answerTo(line: Line): Awaitable<readonly Said[]> {
    switch (line.kind) {
      case 'too-long':
        return this.#login.waiting
          ? this.#weighed('AUTH', [this.#login.overflow()])
          : this.#refused(line.beginning, LINE_TOO_LONG);
      case 'bare-newline':
        return [BARE_NEWLINE];
      case 'line':
        return this.#login.waiting
          ? this.#weighedOne('AUTH', this.#login.goOn(line.octets))
          : this.#command(line.octets);
    }
  }

  #command(line: Buffer): Awaitable<readonly Said[]> {
    if (!isUtf8(line)) return this.#refused(line, NOT_UTF8);
    const text = line.toString('utf8');
    if (CONTROL.test(text)) return this.#refused(line, CONTROL_CHARACTER);
    const { verb, argument } = parseCommand(text);
    const refusal = this.#wire.refusal(verb);
    if (refusal !== null) return this.#weighed(verb, [refusal]);
    switch (verb) {
      case 'DATA':
        return this.#received(verb, takeData(this.#receipt(), argument));
      case 'BDAT':
        return this.#received(isSmallTalk(argument) ? 'NOOP' : verb, takeChunk(this.#receipt(), argument));
      case 'STARTTLS':
        return this.#weighed(verb, this.#wire.startTls(argument));
      case 'AUTH':
        return this.#weighedOne(verb, this.#login.begin(argument));
      default:
        return whenThere(obey(this.#conversation, { verb, argument }), reply =>
          this.#weighed(verb, [reply ?? this.#unknownCommand(text)]),
        );
    }
  }

  #receipt(): Receipt {
    return { stream: this.#wire.stream(), transactions: this.#conversation.transactions, say: this.#wire.say };
  }

  /** A line that cannot be read. If it was a BDAT, nobody knows how much of what follows is no command. */
  #refused(line: Buffer, reply: Said): readonly Said[] {
    return this.#weighed('', [bringsOctets(line) ? CHUNK_OF_UNKNOWN_SIZE : reply]);
  }

  #unknownCommand(text: string): Said {
    if (isHttpRequest(text)) return HTTP_CLIENT;
    if (bringsOctets(Buffer.from(text))) return CHUNK_OF_UNKNOWN_SIZE;
    return this.#patience.unknown() ? TOO_MANY_ERRORS : UNKNOWN_COMMAND;
  }

  async #received(verb: string, replies: Promise<readonly Said[]>): Promise<readonly Said[]> {
    const said = await replies;
    // The 250 of a chunk that is not the last accepts nothing yet.
    const accepted = !this.#conversation.transactions.open && said.some(reply => reply.code === 250);
    if (accepted) this.#patience.renew();
    return this.#weighed(verb, said);
  }

  async #weighedOne(verb: string, reply: Promise<Said>): Promise<readonly Said[]> {
    return this.#weighed(verb, [await reply]);
  }

  /** The replies, and what ends the session where the command was one too many of its kind. */
  #weighed(verb: string, said: readonly Said[]): readonly Said[] {
    let enough: Said | null = null;
    for (const reply of said) {
      const last = this.#patience.after(verb, reply);
      enough ??= last;
    }
    return enough === null ? said : [...said, enough];
  }
}
