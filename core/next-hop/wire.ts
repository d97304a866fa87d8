/**
 * Questions to a next hop and their replies, over a socket that is ours alone. What belongs together leaves in one piece.
 *
 * Guarantee: a question is answered once, each of its replies by what the next hop said or by `lost`; nothing waits longer
 * than its limit; what is said without a question ends the session.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../plugin/ports.ts';
import { Deadline } from './deadline.ts';
import { type Heard, type Lost, lost } from './heard.ts';
import type { Limits } from './opening.ts';
import { parseReply, type RemoteReply } from './remote-reply.ts';
import { ReplyReader } from './reply-reader.ts';

/** Octets of content on their way. Once the `last` ones may have left, a lost connection tells nothing. */
export interface Piece {
  readonly octets: Buffer;
  readonly place: 'more' | 'last';
}

const NO_LINE = /[\r\n\0]/;

/** A question that waits for its replies. */
interface Question {
  readonly heard: Heard[];
  /** So many are still to come. */
  left: number;
  /** The limit for each further one. */
  readonly limit: number;
  readonly answer: (heard: readonly Heard[]) => void;
}

export class Wire {
  readonly #limits: Limits;
  readonly #deadline: Deadline;
  readonly #onEnd: () => void;
  readonly #replies = new ReplyReader();
  #socket: Socket | null = null;
  #question: Question | null = null;
  #ended: Lost | null = null;
  #contentSent = false;
  #isStrange = false;

  /** `onEnd` is called once, when the session is over: it is to close the socket. */
  constructor(clock: Clock, limits: Limits, onEnd: () => void) {
    this.#limits = limits;
    this.#onEnd = onEnd;
    this.#deadline = new Deadline(clock, Math.min(...Object.values(limits)), limit =>
      this.end(lost({ because: `no reply within ${limit / 1000} s`, how: 'silent' })),
    );
  }

  /** How the session ended, once it has. */
  get ended(): Lost | null {
    return this.#ended;
  }

  /** Whether every reply was one of SMTP. */
  get isStrange(): boolean {
    return this.#isStrange;
  }

  /** Whether the end of the last content may have left. */
  get contentSent(): boolean {
    return this.#contentSent;
  }

  /** From now on what comes in is read here. */
  begin(socket: Socket): void {
    if (this.#ended !== null) return;
    this.#socket = socket;
    socket.on('data', (octets: Buffer) => this.#read(octets));
    socket.on('end', () => this.end(lost({ because: 'the next hop closed the connection' })));
  }

  /** Sends commands in one go, and waits for a reply to each. */
  ask(lines: readonly string[]): Promise<readonly Heard[]> {
    let text = '';
    for (const line of lines) {
      if (NO_LINE.test(line)) throw new RangeError('a command must be one line');
      text += `${line}\r\n`;
    }
    this.#contentSent = false;
    const heard = this.#expect(lines.length, this.#limits.reply);
    if (this.#ended === null) this.#socket?.write(text);
    return heard;
  }

  /** Sends the whole content and its end in one go, and waits for so many replies. */
  send(octets: Buffer, replies: number): Promise<readonly Heard[]> {
    const heard = this.#expect(replies, this.#limits.end);
    if (this.#ended !== null) return heard;
    this.#contentSent = true;
    this.#socket?.write(octets);
    return heard;
  }

  /**
   * Sends content piece by piece, as fast as the next hop takes it, and waits for so many replies. Where one comes before
   * the last piece the session ends: what was begun must not be taken for the next command.
   * @throws where the content cannot be read: the session ends before the content does
   */
  async transfer(pieces: AsyncIterable<Piece> | Iterable<Piece>, replies: number): Promise<readonly Heard[]> {
    this.#contentSent = false;
    const heard = this.#expect(replies, this.#limits.content);
    const question = this.#question;
    let isComplete = true;
    try {
      for await (const { octets, place } of pieces) {
        isComplete = question !== null && question.heard.length === 0;
        if (!isComplete) break;
        if (place === 'last') this.#contentSent = true;
        await this.#write(octets);
        if (this.#question !== null) this.#deadline.set(this.#limits.content);
      }
    } catch (error) {
      this.end(lost({ because: 'the content could not be read' }));
      throw error;
    }
    if (this.#question !== null) this.#deadline.set(this.#contentSent ? this.#limits.end : this.#limits.reply);
    const answer = await heard;
    if (!isComplete) this.end(lost({ because: 'the next hop replied before the end of the content' }));
    return answer;
  }

  /** Waits for one thing that is done elsewhere. Settled by the first word about it. */
  wait(limit: number, start: (settle: (heard: Heard) => void) => void): Promise<Heard> {
    const ended = this.#ended;
    if (ended !== null) return Promise.resolve(ended);
    return new Promise(resolve => {
      const answer = ([heard]: readonly Heard[]) => resolve(heard ?? lost({ because: 'no answer' }));
      const question: Question = { heard: [], left: 1, limit, answer };
      this.#question = question;
      this.#deadline.set(limit);
      start(heard => {
        if (this.#question !== question) return;
        question.heard.push(heard);
        this.#answer(question);
      });
    });
  }

  /** Ends the session. Who waits hears of it; the first reason stands. */
  end(ended: Lost): void {
    if (this.#ended !== null) return;
    this.#ended = ended;
    this.#deadline.close();
    this.#onEnd();
    const question = this.#question;
    if (question === null) return;
    for (; question.left > 0; question.left -= 1) question.heard.push(ended);
    this.#answer(question);
  }

  /** Waits for replies to what is about to be written. */
  #expect(replies: number, limit: number): Promise<readonly Heard[]> {
    const ended = this.#ended;
    if (ended !== null) return Promise.resolve(Array.from({ length: replies }, () => ended));
    return new Promise(answer => {
      this.#question = { heard: [], left: replies, limit, answer };
      this.#deadline.set(limit);
    });
  }

  #read(octets: Buffer): void {
    const replies = this.#replies.feed(octets);
    for (const raw of replies ?? []) if (this.#ended === null) this.#hear(parseReply(raw));
    if (replies === null) this.end(lost({ because: 'the next hop never ends its reply' }));
  }

  #hear(reply: RemoteReply): void {
    const question = this.#question;
    if (reply.code < 200 || reply.code > 599) this.#isStrange = true;
    if (question !== null) {
      question.heard.push(reply);
      question.left -= 1;
      if (question.left === 0) this.#answer(question);
      else this.#deadline.set(question.limit);
    }
    // RFC 5321 section 4.2.1: who says 421 closes the connection.
    if (reply.code === 421) this.end(lost({ because: reply.words, reply }));
    else if (question === null) this.end(lost({ because: `the next hop spoke out of turn: ${reply.words}`, reply }));
  }

  #answer(question: Question): void {
    this.#question = null;
    this.#deadline.clear();
    question.answer(question.heard);
  }

  /** Resolves when the octets have been taken, or when nobody will take them any more. */
  #write(octets: Buffer): Promise<void> {
    const socket = this.#socket;
    if (this.#ended !== null || socket === null) return Promise.resolve();
    return new Promise(resolve => socket.write(octets, () => resolve()));
  }
}
