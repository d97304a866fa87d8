/**
 * The YAML language server that editors run, driven as an editor does it: by JSON-RPC over its standard streams, each
 * message behind a Content-Length (Language Server Protocol 3.17, base protocol).
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const SERVER = fileURLToPath(
  new URL('../../node_modules/yaml-language-server/bin/yaml-language-server', import.meta.url),
);

/** A place in a text, both counted from 0. */
export interface Position {
  readonly line: number;
  readonly character: number;
}

/** What an editor underlines. */
export interface Diagnostic {
  readonly message: string;
  readonly severity: number;
  readonly range: { readonly start: Position; readonly end: Position };
}

/** What an editor offers. */
export interface Completion {
  readonly label: string;
  readonly insertText?: string;
  readonly documentation?: string | { readonly value: string };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** An editor with one server. */
export class Editor {
  readonly #server: ChildProcessWithoutNullStreams;
  readonly #settings: Readonly<Record<string, unknown>>;
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #published = new Map<string, (diagnostics: readonly Diagnostic[]) => void>();
  #buffered: Buffer = Buffer.alloc(0);
  #lastId = 0;
  #version = 0;

  private constructor(settings: Readonly<Record<string, unknown>>) {
    this.#settings = settings;
    this.#server = spawn(process.execPath, [SERVER, '--stdio']);
    this.#server.stdout.on('data', (octets: Buffer) => this.#read(octets));
  }

  /** Starts a server. `settings` are those of the editor, by their section: `{ yaml: { customTags: [] } }`. */
  static async open(settings: Readonly<Record<string, unknown>>): Promise<Editor> {
    const editor = new Editor(settings);
    const capabilities = {
      workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } },
      textDocument: {
        completion: { completionItem: { documentationFormat: ['markdown', 'plaintext'] } },
        hover: { contentFormat: ['markdown', 'plaintext'] },
      },
    };
    await editor.#ask('initialize', { processId: process.pid, rootUri: null, capabilities });
    editor.#tell('initialized', {});
    return editor;
  }

  /** Opens a file that holds this text. */
  show(file: string, text: string): void {
    this.#version++;
    const textDocument = { uri: pathToFileURL(file).href, languageId: 'yaml', version: this.#version, text };
    this.#tell('textDocument/didOpen', { textDocument });
  }

  /** Opens a file that holds this text, and waits for what is underlined in there. */
  diagnose(file: string, text: string): Promise<readonly Diagnostic[]> {
    const said = new Promise<readonly Diagnostic[]>(resolve => {
      this.#published.set(pathToFileURL(file).href, resolve);
    });
    this.show(file, text);
    return said;
  }

  /** What is offered at a place of a file that was opened before. */
  async complete(file: string, position: Position): Promise<readonly Completion[]> {
    const textDocument = { uri: pathToFileURL(file).href };
    const list = (await this.#ask('textDocument/completion', { textDocument, position })) as {
      readonly items: readonly Completion[];
    } | null;
    return list?.items ?? [];
  }

  /** What is said about a place of a file that was opened before. */
  async hover(file: string, position: Position): Promise<string> {
    const textDocument = { uri: pathToFileURL(file).href };
    const hover = (await this.#ask('textDocument/hover', { textDocument, position })) as {
      readonly contents: string | { readonly value: string };
    } | null;
    const contents = hover?.contents ?? '';
    return typeof contents === 'string' ? contents : contents.value;
  }

  close(): void {
    this.#server.kill();
  }

  async #ask(method: string, params: unknown): Promise<unknown> {
    this.#lastId++;
    const id = this.#lastId;
    const answer = new Promise<Message>(resolve => {
      this.#waiting.set(id, resolve);
    });
    this.#write({ id, method, params });
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  #tell(method: string, params: unknown): void {
    this.#write({ method, params });
  }

  #write(message: Message): void {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  #read(octets: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, octets]);
    for (;;) {
      const end = this.#buffered.indexOf('\r\n\r\n');
      const length = Number(/Content-Length: (\d+)/i.exec(this.#buffered.toString('latin1', 0, Math.max(end, 0)))?.[1]);
      if (end === -1 || this.#buffered.length < end + 4 + length) return;
      const message = JSON.parse(this.#buffered.toString('utf8', end + 4, end + 4 + length)) as Message;
      this.#buffered = this.#buffered.subarray(end + 4 + length);
      this.#take(message);
    }
  }

  #take(message: Message): void {
    const { id, method, params } = message;
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { readonly uri: string; readonly diagnostics: readonly Diagnostic[] };
      this.#published.get(uri)?.(diagnostics);
    } else if (method === 'workspace/configuration' && id !== undefined) {
      const { items } = params as { readonly items: readonly { readonly section: string }[] };
      this.#write({ id, result: items.map(({ section }) => this.#settings[section] ?? {}) });
    } else if (method !== undefined && id !== undefined) this.#write({ id, result: null });
    else if (id !== undefined) this.#waiting.get(id)?.(message);
  }
}
