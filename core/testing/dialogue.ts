/**
 * Plays a written dialogue with a server, and says where the server departed from it.
 *
 * Guarantee: lines of the client that follow each other go out in one piece; every line that the server says is accounted
 * for, in its order. What it says after the last line of the script is not waited for.
 */
import type { ConnectionOptions } from 'node:tls';
import { escapeControls } from '../system/escape.ts';
import { type DialogueStep, parseDialogue } from './dialogue-script.ts';
import { RawClient } from './raw-client.ts';

/** Whom to talk to: a gateway under test, a sink, or a port of this machine. */
export interface DialoguePartner {
  readonly port: number;
  /** Loopback without it. */
  readonly host?: string;
  /** One line a mail that has come in by now, for `Q:`. */
  queued?(): readonly string[] | Promise<readonly string[]>;
}

/** What the script cannot say. */
export interface DialogueSettings {
  /** TLS from the first octet (RFC 8314). Certificates are not verified unless this asks for it. */
  readonly tls?: ConnectionOptions;
  /** For the TLS handshake after STARTTLS. */
  readonly startTls?: ConnectionOptions;
  /** How long a line of the server may take, in milliseconds of real time; ten seconds without it. */
  readonly patience?: number;
  /** What `E:` lines may name beside those that are known everywhere. */
  readonly events?: Readonly<Record<string, () => void | Promise<void>>>;
}

/** A dialogue that went as written. */
export interface PlayedDialogue {
  /** All that the server said, line by line. */
  readonly heard: readonly string[];
  /** What stood where the script says `<id>`, in order. */
  readonly ids: readonly string[];
}

/** The server said something else. The message shows the dialogue with the line where that was. */
export class DialogueError extends Error {
  override readonly name = 'DialogueError';
  /** Of the script, from 1. */
  readonly line: number;
  /** What was said and heard until then, as lines of a dialogue. */
  readonly transcript: readonly string[];

  constructor(message: string, line: number, transcript: readonly string[]) {
    super(message);
    this.line = line;
    this.transcript = transcript;
  }
}

const PATIENCE = 10_000;

/**
 * Plays one.
 * @throws DialogueError where the server departs from it. SyntaxError where it is none.
 * @example
 * await dialogue(gateway, `
 *   S: 220 mx.example.test ...
 *   C: EHLO client.test
 *   S: 250-mx.example.test
 *   S: (offers PIPELINING, SIZE 26214400; not AUTH)
 *   C: MAIL FROM:<ann@client.test>
 *   C: RCPT TO:<nobody@example.test>
 *   S: 250 2.1.0 ...
 *   S: 550 5.1.1 ...
 * `);
 */
export async function dialogue(
  partner: number | DialoguePartner,
  script: string,
  settings: DialogueSettings = {},
): Promise<PlayedDialogue> {
  const steps = parseDialogue(script);
  const { port, host = '127.0.0.1', ...rest } = typeof partner === 'number' ? { port: partner } : partner;
  const tls = settings.tls === undefined ? undefined : { rejectUnauthorized: false, ...settings.tls };
  const client = await RawClient.connect(port, tls, { host, patience: settings.patience ?? PATIENCE });
  const playing = new Playing(client, { ...rest, ...settings });
  try {
    await playing.play(steps);
    return { heard: playing.heard, ids: playing.ids };
  } finally {
    client.destroy();
  }
}

type Surroundings = DialogueSettings & Pick<DialoguePartner, 'queued'>;

class Playing {
  readonly heard: string[] = [];
  readonly ids: string[] = [];
  readonly #client: RawClient;
  readonly #surroundings: Surroundings;
  readonly #transcript: string[] = [];
  #unsent: Buffer[] = [];

  constructor(client: RawClient, surroundings: Surroundings) {
    this.#client = client;
    this.#surroundings = surroundings;
  }

  async play(steps: readonly DialogueStep[]): Promise<void> {
    for (const [index, step] of steps.entries()) {
      if (step.kind !== 'say') this.#flush();
      const fault = await this.#step(step).catch((error: unknown) =>
        String(error instanceof Error ? error.message : error),
      );
      if (fault !== null) throw this.#departed(fault, step, steps.slice(index + 1));
    }
    this.#flush();
  }

  #flush(): void {
    if (this.#unsent.length > 0) this.#client.send(Buffer.concat(this.#unsent));
    this.#unsent = [];
  }

  /** @returns what is wrong, or `null`. */
  async #step(step: DialogueStep): Promise<string | null> {
    switch (step.kind) {
      case 'say':
        this.#unsent.push(step.octets);
        this.#transcript.push(step.written);
        return null;
      case 'hear':
        return this.#hear(step.pattern);
      case 'reply':
        return this.#hearReply(step.code);
      case 'offer':
        return this.#hearOffer(step);
      case 'closes': {
        const line = await this.#line();
        return line === null ? null : `it says ${shown(line)}`;
      }
      case 'event':
        this.#transcript.push(step.written);
        await this.#happen(step.what);
        return null;
      case 'queued': {
        const mails = (await this.#surroundings.queued?.()) ?? [];
        return mails.includes(step.mail) ? null : `the queue got: ${mails.map(shown).join('; ') || 'nothing'}`;
      }
    }
  }

  async #line(): Promise<string | null> {
    const line = await this.#client.line();
    if (line !== null) this.heard.push(line);
    this.#transcript.push(line === null ? 'S: (closes)' : `S: ${shown(line)}`);
    return line;
  }

  async #hear(pattern: RegExp): Promise<string | null> {
    const line = await this.#line();
    if (line === null) return 'it closes the connection';
    const found = pattern.exec(line);
    if (found === null) return `it says ${shown(line)}`;
    this.ids.push(...found.slice(1));
    return null;
  }

  /** The lines of a reply up to its last one; `null` where the server closes instead. */
  async #reply(): Promise<readonly string[] | null> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line();
      if (line === null) return null;
      lines.push(line);
      if (line[3] !== '-') return lines;
    }
  }

  async #hearReply(code: RegExp): Promise<string | null> {
    const lines = await this.#reply();
    if (lines === null) return 'it closes the connection';
    return lines.every(line => code.test(line)) ? null : `it says ${lines.map(shown).join(' / ')}`;
  }

  async #hearOffer({ wanted, unwanted }: DialogueStep & { readonly kind: 'offer' }): Promise<string | null> {
    const lines = await this.#reply();
    if (lines === null) return 'it closes the connection';
    const offered = lines.map(line => line.slice(4));
    const keywords = offered.map(one => one.split(' ')[0]);
    const missing = wanted.filter(one => !offered.includes(one));
    const there = unwanted.filter(one => keywords.includes(one));
    if (missing.length > 0) return `it does not offer ${missing.join(', ')}`;
    return there.length > 0 ? `it offers ${there.join(', ')}` : null;
  }

  async #happen(what: string): Promise<void> {
    const own = this.#surroundings.events?.[what];
    if (own !== undefined) return own();
    switch (what) {
      case 'TLS handshake':
        return this.#client.startTls(this.#surroundings.startTls);
      case 'the client has nothing more to say':
        return this.#client.finish();
      case 'the client vanishes':
        return this.#client.vanish();
      default:
        throw new Error(`nobody knows how this happens: ${what}`);
    }
  }

  #departed(fault: string, step: DialogueStep, later: readonly DialogueStep[]): DialogueError {
    const before = this.#transcript.map(line => `    ${line}`);
    // A line that was heard in its place is told as the fault.
    if (before.length > 0 && (step.kind === 'hear' || step.kind === 'closes') && fault.startsWith('it ')) before.pop();
    const message = [
      `the server departs from the dialogue at line ${step.line}:`,
      ...before,
      `  > ${step.written}`,
      `    but ${fault}`,
      ...later.map(({ written }) => `  . ${written}`),
    ].join('\n');
    return new DialogueError(message, step.line, [...this.#transcript]);
  }
}

function shown(text: string): string {
  return escapeControls(text);
}
