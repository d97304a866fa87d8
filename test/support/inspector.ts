/** A debugger, as far as a test needs one: the inspector protocol of V8 over the WebSocket that `node --inspect` opens. */

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Where a process stands still. */
export interface Paused {
  readonly callFrames: readonly {
    readonly callFrameId: string;
    readonly functionName: string;
    readonly url: string;
    /** From 0. */
    readonly location: { readonly lineNumber: number };
  }[];
}

/** A debugger that is attached to a process. */
export class Debugger {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #paused: Paused[] = [];
  #onPaused: (() => void) | null = null;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as Message));
  }

  /** @param url As Node says it: `ws://127.0.0.1:9229/…`. */
  static async attach(url: string): Promise<Debugger> {
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve, { once: true });
      socket.addEventListener('error', () => reject(new Error(`nobody answers at ${url}`)), { once: true });
    });
    const attached = new Debugger(socket);
    await attached.ask('Debugger.enable');
    await attached.ask('Runtime.enable');
    return attached;
  }

  async ask(method: string, params: object = {}): Promise<unknown> {
    this.#lastId++;
    const id = this.#lastId;
    const answer = new Promise<Message>(resolve => {
      this.#waiting.set(id, resolve);
    });
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Sets a breakpoint at a line, counted from 1. The file need not be loaded yet. */
  breakAt(url: string, line: number): Promise<unknown> {
    return this.ask('Debugger.setBreakpointByUrl', { url, lineNumber: line - 1 });
  }

  /** Waits until the process stands still. */
  async paused(): Promise<Paused> {
    for (;;) {
      const one = this.#paused.shift();
      if (one !== undefined) return one;
      await new Promise<void>(resolve => {
        this.#onPaused = resolve;
      });
    }
  }

  /** The value of an expression where the process stands still, as JSON has it. */
  async evaluate({ callFrames: [frame] }: Paused, expression: string): Promise<unknown> {
    const params = { callFrameId: frame?.callFrameId, expression, returnByValue: true };
    const { result } = (await this.ask('Debugger.evaluateOnCallFrame', params)) as {
      readonly result: { readonly value: unknown };
    };
    return result.value;
  }

  resume(): Promise<unknown> {
    return this.ask('Debugger.resume');
  }

  close(): void {
    this.#socket.close();
  }

  #take(message: Message): void {
    if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    else if (message.method === 'Debugger.paused') {
      this.#paused.push(message.params as Paused);
      this.#onPaused?.();
    }
  }
}
