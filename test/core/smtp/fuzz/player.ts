/** Plays one dialogue against a listener, and holds all that the listener does against the reference. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Dialogue, Segment } from './dialogue.ts';
import type { Account, Commit } from './ledger.ts';
import { withPort } from './preface.ts';
import { Reference } from './reference.ts';
import { ReplyScanner } from './reply-form.ts';
import type { Stage } from './stage.ts';
import { Violation } from './violation.ts';

/** What came of a dialogue, for the ledger. */
export interface Played extends Account {
  /** Those of this client; more may come as long as the listener works for it. */
  readonly commits: readonly Commit[];
  /** Everything that was heard, for people. */
  readonly heard: string;
  readonly fault: Violation | null;
}

export async function play(dialogue: Dialogue, stage: Stage): Promise<Played> {
  const socket = connect({ port: stage.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const listening = new Listening(socket, stage);
  try {
    await once(socket, 'connect');
  } catch (error) {
    const fault = stage.state === 'open' ? new Violation(`no connection: ${String(error)}`) : null;
    return listening.played([], 'cut', fault);
  }
  const commits = stage.follow(socket.localPort ?? 0);
  const timer = setTimeout(() => listening.tooLate(), stage.patience);
  if (dialogue.preface !== null) {
    if (dialogue.preface.kind === 'wrong') listening.reference.hearsNothing();
    socket.write(withPort(dialogue.preface, socket.localPort ?? 0), 'latin1');
  }
  if (dialogue.first === 'listen') await listening.untilAnswered();
  for (const segment of dialogue.segments) {
    if (listening.over) break;
    await speak(socket, segment, listening);
  }
  const vanishes = dialogue.end === 'vanish' && !listening.over;
  if (vanishes) socket.resetAndDestroy();
  else if (dialogue.end !== 'stay') socket.end();
  await listening.untilClosed();
  clearTimeout(timer);
  const connection = vanishes || stage.state === 'cut' ? 'cut' : 'whole';
  const fault = listening.judge(connection);
  return listening.played(commits, connection, fault);
}

async function speak(socket: Socket, { octets, pause }: Segment, listening: Listening): Promise<void> {
  listening.reference.say(octets);
  if (socket.writable) socket.write(octets, 'latin1');
  switch (pause) {
    case 'go on':
      return;
    case 'turn':
      await turn();
      return;
    case 'listen':
      return listening.untilAnswered();
  }
}

/** The client's ear. */
class Listening {
  readonly reference: Reference;
  readonly #socket: Socket;
  readonly #replies = new ReplyScanner();
  readonly #closed = Promise.withResolvers<void>();
  #heard = '';
  #fault: Violation | null = null;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket, { rules }: Stage) {
    this.#socket = socket;
    this.reference = new Reference(rules);
    socket.on('data', (octets: Buffer) => this.#hear(octets.toString('latin1')));
    socket.on('end', () => {
      this.#ended = true;
      socket.end();
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      this.#wake();
      this.#closed.resolve();
    });
  }

  /** Nothing more comes, or nothing more is worth hearing. */
  get over(): boolean {
    return this.#ended || this.#fault !== null;
  }

  /** Until all is answered that is whole. */
  async untilAnswered(): Promise<void> {
    while (!this.over && this.reference.owes) {
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  untilClosed(): Promise<void> {
    return this.#closed.promise;
  }

  /** @returns what was wrong in the end, or before. */
  judge(connection: 'cut' | 'whole'): Violation | null {
    this.#try(() => {
      if (connection === 'whole' && this.reference.listens) this.#replies.end();
      this.reference.closed(connection === 'cut' ? 'vanished' : 'finished');
    });
    return this.#fault;
  }

  tooLate(): void {
    this.#fault ??= new Violation(`the listener hangs; due is a reply to ${this.reference.describe()}`);
    this.#socket.resetAndDestroy();
    this.#wake();
  }

  played(commits: readonly Commit[], connection: Played['connection'], fault: Violation | null): Played {
    const { taken } = this.reference;
    const candidates = connection === 'cut' ? this.reference.candidates() : [];
    return { taken, candidates, commits, connection, heard: this.#heard, fault };
  }

  #hear(octets: string): void {
    const expected = this.reference.listens;
    this.#heard += octets;
    this.#try(() => {
      if (expected) for (const reply of this.#replies.feed(octets)) this.reference.hear(reply);
      else if (/^[2-5]\d\d[ -]/m.test(octets)) throw new Violation(`a reply in clear after STARTTLS: ${octets}`);
    });
    this.#wake();
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      if (this.#fault === null) this.#socket.resetAndDestroy();
      this.#fault ??= error;
    }
  }
}
