/**
 * A small SMTP server that is right in all that the suite looks at, but for the one fault that it is told to have. It keeps
 * no mail. Text is latin1: one character an octet.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';

/** By the case that must find it: what the server does. */
export const FAULTS = {
  greeting: 'it does not say its name',
  ehlo: 'its keywords are sentences',
  helo: 'it answers HELO as it answers EHLO',
  'ehlo-without-name': 'it takes EHLO without a name',
  'case-of-commands': 'it knows capitals only',
  'unknown-command': 'it takes any command',
  'rcpt-before-mail': 'it takes RCPT first',
  'data-before-rcpt': 'it takes content for nobody',
  'nested-mail': 'it takes MAIL twice',
  'malformed-path': 'it does not look at brackets',
  'unknown-parameter': 'it takes any parameter',
  rset: 'RSET forgets nothing',
  'ehlo-forgets': 'EHLO forgets nothing',
  noop: 'NOOP ends the transaction',
  vrfy: 'it has never heard of VRFY',
  quit: 'it goes on talking behind 221',
  'null-reverse-path': 'it refuses <>',
  postmaster: 'it knows no postmaster',
  'quoted-local-part': 'it knows no quotes',
  'long-local-part': 'it takes 63 octets',
  'long-command': 'it takes 500 octets',
  'odd-octets': 'it answers NUL twice',
  transparency: 'it refuses leading dots',
  'long-text-line': 'it takes lines of 900 octets',
  'several-mails': 'it takes one mail a session',
  'form-of-replies': 'its help has bare line feeds',
  pieces: 'it looks for the final dot in one segment at a time',
  pipelining: 'it loses the sixth command',
  'pipelined-data': 'it takes a mail for nobody',
  'size-announced': 'it does not look at SIZE',
  '8bitmime': 'it offers what it refuses',
  smtputf8: 'it offers UTF-8 and refuses it',
  'smtputf8-unannounced': 'it takes UTF-8 from anybody',
  'enhanced-status-codes': 'it forgets a status',
  chunking: 'it knows no empty chunk',
  'chunking-out-of-order': 'it takes the octets of a refused chunk for commands',
  'dsn-parameters': 'it takes RET=NONE',
  starttls: 'it offers TLS over TLS',
  'smuggling-lf-dot-crlf': /(?<!\r)\n\.\r\n/,
  'smuggling-lf-dot-lf': /(?<!\r)\n\.\n/,
  'smuggling-crlf-dot-lf': /\r\n\.\n/,
  'smuggling-cr-dot-crlf': /\r\.\r\n/,
  'smuggling-cr-dot-cr': /\r\.\r(?!\n)/,
  'smuggling-crlf-dot-cr': /(?<!\r)\r\n\.\r(?![\r\n])/,
  'smuggling-lf-dot-cr': /(?<!\r)\n\.\r(?!\n)/,
  'smuggling-cr-cr-lf': /\r\r\n\.\r\r\n/,
  'smuggling-dot-cr-crlf': /(?<!\r)\r\n\.\r\r\n/,
  'smuggling-nul-before-dot': /\r\n\0\.\r\n/,
  'smuggling-nul-behind-dot': /\r\n\.\0\r\n/,
  'smuggling-blank-behind-dot': /\r\n\. \r\n/,
  'smuggling-bare-newline-in-commands': 'it splits commands at LF',
  'smuggling-starttls-injection': 'it obeys after TLS what came before',
  'smuggling-refused-content': 'it looks for a dot in the last chunk',
  'smuggling-behind-the-end': 'it forgets a command behind the content',
  'smuggling-by-greeting': 'it repeats the greeting',
  'hundred-recipients': 'it takes 50',
  'endless-command': 'it takes any length',
  'relay-plain': 'it relays',
  'relay-literal': 'it relays to addresses',
  'relay-two-ats': 'it reads two at signs',
  'relay-as-local-sender': 'it trusts whoever claims to be one of us',
  'relay-null-sender': 'it trusts notifications',
} as const;

export type Fault = keyof typeof FAULTS;

const LIMIT = 1_000_000;
const END = /\r\n\.\r\n/;

/** Starts one for the running test; `null`: without a fault. */
export async function faultyServer(fault: Fault | null): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    sockets.add(socket);
    new Session(socket, fault).begin();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

class Session {
  #socket: Socket;
  readonly #fault: Fault | null;
  #pending = '';
  #content: string | null = null;
  #chunk: { left: number; readonly last: boolean; readonly refused: boolean } | null = null;
  #from: string | null = null;
  #to: string[] = [];
  #chunks = false;
  /** Verbs that were said, in order. */
  readonly #said: string[] = [];
  #mails = 0;
  #count = 0;

  constructor(socket: Socket, fault: Fault | null) {
    this.#socket = socket;
    this.#fault = fault;
  }

  begin(): void {
    this.#listen();
    this.#say(this.#has('greeting') ? '220' : '220 mx.example.test ESMTP');
  }

  #has(fault: Fault): boolean {
    return this.#fault === fault;
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.on('data', (octets: Buffer) => {
      if (this.#socket !== socket) return;
      this.#pending += octets.toString('latin1');
      this.#count = 0;
      while (this.#step());
    });
  }

  #say(line: string): void {
    this.#socket.write(Buffer.from(`${line}\r\n`, 'latin1'));
  }

  #step(): boolean {
    if (this.#chunk !== null) return this.#readChunk(this.#chunk);
    if (this.#content !== null) return this.#readContent(this.#content);
    const end = /\r\n/.exec(this.#pending);
    const odd = this.#has('smuggling-bare-newline-in-commands') ? /\r?\n/.exec(this.#pending) : end;
    if (odd === null) return false;
    const line = this.#pending.slice(0, odd.index);
    this.#pending = this.#pending.slice(odd.index + odd[0].length);
    this.#count += 1;
    if (this.#has('pipelining') && this.#count === 6) return true;
    this.#command(line);
    return this.#pending !== '';
  }

  #command(line: string): void {
    const longest = this.#has('long-command') ? 500 : 1000;
    if (line.length > longest && !this.#has('endless-command')) return this.#say('500 5.5.2 Line too long');
    if (line.includes('\0')) {
      this.#said.push('NUL');
      if (this.#has('odd-octets')) this.#say('500 5.5.2 Bad octet');
      return this.#say('500 5.5.2 Bad octet');
    }
    const [written = ''] = line.split(' ', 1);
    const verb = this.#has('case-of-commands') ? written : written.toUpperCase();
    const argument = line.slice(written.length + 1);
    this.#answer(verb, argument);
    this.#said.push(verb);
  }

  #answer(verb: string, argument: string): void {
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return this.#hello(verb, argument);
      case 'MAIL':
        return this.#mail(argument);
      case 'RCPT':
        return this.#rcpt(argument);
      case 'DATA':
        if (this.#chunks) return this.#say('503 5.5.1 Chunks');
        if (this.#from === null) return this.#say('503 5.5.1 MAIL first');
        if (this.#to.length === 0 && !this.#takesForNobody()) return this.#say('554 5.5.1 No recipients');
        this.#content = '\r\n';
        return this.#say('354 Go on');
      case 'BDAT':
        return this.#bdat(argument);
      case 'RSET':
        if (!this.#has('rset')) this.#reset();
        return this.#say('250 2.0.0 Ok');
      case 'NOOP':
        if (this.#has('noop')) this.#reset();
        return this.#say(this.#has('enhanced-status-codes') ? '250 Ok' : '250 2.0.0 Ok');
      case 'VRFY':
        return this.#say(this.#has('vrfy') ? '500 5.5.1 What?' : '252 2.1.5 Perhaps');
      case 'HELP':
        return this.#say(this.#has('form-of-replies') ? '214 2.0.0 one\ntwo' : '214 2.0.0 None');
      case 'STARTTLS':
        return this.#startTls();
      case 'QUIT':
        this.#say('221 2.0.0 Bye');
        if (this.#has('quit') && this.#said.every(one => one === 'EHLO')) this.#say('250 2.0.0 And another thing');
        this.#socket.end();
        return;
      default:
        return this.#say(
          this.#has('unknown-command') && this.#count === 1 && this.#pending === ''
            ? '250 2.0.0 Ok'
            : '500 5.5.1 What?',
        );
    }
  }

  #takesForNobody(): boolean {
    return this.#has(this.#said.at(-1) === 'MAIL' ? 'data-before-rcpt' : 'pipelined-data');
  }

  #hello(verb: 'EHLO' | 'HELO', name: string): void {
    if (name === '' && !this.#has('ehlo-without-name')) return this.#say('501 5.5.4 A name, please');
    if (this.#said.length === 0 || !this.#has('ehlo-forgets')) this.#reset();
    if (verb === 'HELO' && !this.#has('helo')) return this.#say('250 mx.example.test');
    const secure = this.#socket instanceof TLSSocket && !this.#has('starttls');
    const hello = this.#has('smuggling-by-greeting') && name.includes('\r') ? ` hello ${name}` : '';
    const offers = [
      'PIPELINING',
      `SIZE ${LIMIT}`,
      '8BITMIME',
      'SMTPUTF8',
      'ENHANCEDSTATUSCODES',
      'CHUNKING',
      ...(secure ? [] : ['STARTTLS']),
    ];
    for (const one of [`mx.example.test${hello}`, ...offers]) this.#say(`250-${one}`);
    if (this.#has('ehlo')) this.#say('250-! we love mail');
    this.#say('250 DSN');
  }

  #mail(argument: string): void {
    const again = this.#from !== null && !(this.#has('nested-mail') && this.#said.at(-1) === 'MAIL');
    if (again) return this.#say('503 5.5.1 One at a time');
    if (this.#has('several-mails') && this.#mails > 0) return this.#say('451 4.5.0 One is enough');
    const [, path, rest = ''] = /^FROM:(<[^>]*>?)(.*)$/i.exec(argument) ?? [];
    if (path === undefined || !this.#isPath(path)) return this.#say('501 5.1.7 No path');
    if (path === '<>' && this.#has('null-reverse-path')) return this.#say('550 5.7.1 Nobody');
    for (const parameter of rest.split(' ').filter(one => one !== '')) {
      const refusal = this.#refused(parameter);
      if (refusal !== null) return this.#say(refusal);
    }
    const beyond = /[\x80-\xff]/.test(path);
    if (beyond && !/SMTPUTF8/i.test(rest) && !this.#has('smtputf8-unannounced'))
      return this.#say('550 5.6.7 SMTPUTF8, please');
    this.#from = path;
    this.#say('250 2.1.0 Ok');
  }

  #isPath(path: string): boolean {
    if (path === '<>') return true;
    if (this.#has('malformed-path') && /^<[^<>@]+@[^<>@]+$/.test(path)) return true;
    const localPart = /^<("(?:[^"\\]|\\.)*"|[^@"\s<>]+)@[^@\s<>]+>$/.exec(path)?.[1];
    if (localPart === undefined || localPart.length > (this.#has('long-local-part') ? 63 : 64)) return false;
    return !(localPart.startsWith('"') && this.#has('quoted-local-part'));
  }

  #refused(parameter: string): string | null {
    const [keyword = '', value = ''] = parameter.split('=');
    switch (keyword.toUpperCase()) {
      case 'SIZE':
        if (!/^\d+$/.test(value)) return '501 5.5.4 No size';
        return Number(value) > LIMIT && !this.#has('size-announced') ? '552 5.3.4 Too large' : null;
      case 'BODY':
        return this.#has('8bitmime') ? '555 5.5.4 No' : null;
      case 'SMTPUTF8':
        return this.#has('smtputf8') ? '555 5.5.4 No' : null;
      case 'RET':
        return value === 'HDRS' || value === 'FULL' || this.#has('dsn-parameters') ? null : '501 5.5.4 No';
      case 'ENVID':
        return null;
      default:
        return this.#has('unknown-parameter') ? null : '555 5.5.4 Unknown parameter';
    }
  }

  #rcpt(argument: string): void {
    const first = this.#has('rcpt-before-mail') && !this.#said.some(one => one === 'MAIL' || one === 'STARTTLS');
    if (this.#from === null && !first) return this.#say('503 5.5.1 MAIL first');
    const [, path = '', rest = ''] = /^TO:<(.*)>(.*)$/i.exec(argument) ?? [];
    if (/NEVER,|SOMETIMES/.test(rest)) return this.#say('501 5.5.4 No');
    if (!this.#takes(path)) return this.#say('550 5.7.1 Not here');
    if (this.#to.length >= (this.#has('hundred-recipients') ? 50 : 1000)) return this.#say('452 4.5.3 Too many');
    this.#to.push(path);
    this.#say('250 2.1.5 Ok');
  }

  #takes(path: string): boolean {
    if (/^postmaster$/i.test(path)) return !this.#has('postmaster');
    if (path === 'ann@example.test') return true;
    if (this.#has('relay-literal') && path.endsWith(']')) return true;
    if (this.#has('relay-two-ats') && /^[^@]+@[^@]+@/.test(path)) return true;
    if (path !== 'victim@relay.example') return false;
    const ours = this.#from?.startsWith('<postmaster@') === true;
    if (ours) return this.#has('relay-as-local-sender');
    return this.#from === '<>' ? this.#has('relay-null-sender') : this.#has('relay-plain');
  }

  #bdat(argument: string): void {
    const [, size = '', last] = /^(\d+)( LAST)?$/i.exec(argument) ?? [];
    const refused = this.#to.length === 0;
    if (refused && this.#has('chunking-out-of-order')) return this.#say('503 5.5.1 No recipients');
    if (size === '0' && this.#has('chunking')) return this.#say('501 5.5.4 Empty');
    this.#chunk = { left: Number(size), last: last !== undefined, refused };
    if (this.#chunk.left === 0) this.#readChunk(this.#chunk);
  }

  #readChunk(chunk: { left: number; readonly last: boolean; readonly refused: boolean }): boolean {
    const dot = this.#has('smuggling-refused-content') && chunk.last ? this.#pending.indexOf('\r\n.\r\n') : -1;
    const take = dot >= 0 ? dot + 5 : Math.min(chunk.left, this.#pending.length);
    this.#pending = this.#pending.slice(take);
    chunk.left = dot >= 0 ? 0 : chunk.left - take;
    if (chunk.left > 0) return false;
    this.#chunk = null;
    this.#chunks = !chunk.last && !chunk.refused;
    if (chunk.last) this.#reset();
    this.#say(chunk.refused ? '503 5.5.1 No recipients' : '250 2.0.0 Ok');
    return this.#pending !== '';
  }

  #readContent(before: string): boolean {
    const text = before + this.#pending;
    this.#pending = '';
    const own = this.#fault === null ? null : FAULTS[this.#fault];
    const ends = [END, ...(own instanceof RegExp ? [own] : [])].map(one => one.exec(text)).filter(one => one !== null);
    const end = ends.sort((a, b) => a.index - b.index)[0];
    if (end === undefined) {
      this.#content = this.#has('pieces') ? '\r\n' : text;
      return false;
    }
    this.#content = null;
    this.#pending = text.slice(end.index + end[0].length);
    if (this.#has('smuggling-behind-the-end')) this.#pending = this.#pending.replace(/^NOOP\r\n/, '');
    this.#say(this.#taken(text.slice(0, end.index)));
    this.#reset();
    return this.#pending !== '';
  }

  #taken(content: string): string {
    if (this.#to.length === 0 && !this.#has('pipelined-data')) return '554 5.5.1 No recipients';
    if (this.#has('transparency') && content.includes('\r\n..')) return '554 5.6.0 Dots';
    if (this.#has('long-text-line') && /[^\r\n]{901}/.test(content)) return '554 5.6.0 Long';
    this.#mails += 1;
    return '250 2.0.0 Ok';
  }

  #startTls(): void {
    if (this.#socket instanceof TLSSocket) return this.#say('503 5.5.1 It is');
    this.#say('220 2.0.0 Go on');
    this.#reset();
    const plain = this.#socket;
    plain.removeAllListeners('data');
    const { cert, key } = selfSigned('mx.example.test');
    this.#socket = new TLSSocket(plain, { isServer: true, secureContext: createSecureContext({ cert, key }) });
    if (!this.#has('smuggling-starttls-injection')) this.#pending = '';
    const left = this.#pending;
    this.#pending = '';
    this.#listen();
    this.#socket.once('secure', () => {
      this.#pending = left;
      while (this.#pending !== '' && this.#step());
    });
  }

  #reset(): void {
    this.#from = null;
    this.#to = [];
    this.#chunks = false;
  }
}
