/**
 * Smuggling outwards: whatever a mail holds, a next hop can find but one end of data and no command of anybody else's.
 *
 * Receivers differ in what ends a line and in whether they see NUL. The octets that leave must mean the same to all.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { applyEdits, type Content, contentOf } from '../../../core/index.ts';
import { parseParameters } from '../../../core/mail/parameters.ts';
import { mailCommand, rcptCommand } from '../../../core/next-hop/commands.ts';
import { Extensions } from '../../../core/next-hop/extensions.ts';
import { parseMail } from '../../../core/smtp/mail-command.ts';
import { parseRcpt } from '../../../core/smtp/rcpt-command.ts';
import { aMail } from '../../../core/testing.ts';
import * as fc from '../../support/fast-check.ts';
import { LINES, MX, relaying, relayingTo } from './relaying.ts';

/** How receivers in the world end a line: what the standard says, and what SMTP software was seen to take. */
const LINE_ENDS = [
  { receiver: 'strict', lineEnd: /\r\n/ },
  { receiver: 'takes a bare LF too', lineEnd: /\r?\n/ },
  { receiver: 'takes a bare CR too', lineEnd: /\r\n?/ },
  { receiver: 'takes both', lineEnd: /\r\n|\r|\n/ },
  { receiver: 'takes any number of CR before LF', lineEnd: /\r*\n/ },
  { receiver: 'takes LF CR', lineEnd: /\r\n|\n\r|\n/ },
  { receiver: 'takes them in any number', lineEnd: /[\r\n]+/ },
] as const;
const RECEIVERS = LINE_ENDS.flatMap(({ receiver, lineEnd }) => [
  { receiver, lineEnd, sees: (wire: string) => wire },
  { receiver: `${receiver}, and overlooks NUL`, lineEnd, sees: (wire: string) => wire.replaceAll('\0', '') },
]);

/** The lines of a dot alone that a receiver finds, and what it would read as commands after the first. */
function readBy({ lineEnd, sees }: (typeof RECEIVERS)[number], wire: string) {
  const lines = sees(wire).split(lineEnd);
  const end = lines.indexOf('.');
  return { ends: lines.filter(line => line === '.').length, after: lines.slice(end + 1).join('') };
}

/** What a strict receiver stores. */
function stored(wire: string): string {
  return wire.slice(0, -'.\r\n'.length).replace(/(^|\r\n)\./g, '$1');
}

/** Content with CRLF for each line end, whatever it was. A NUL between CR and LF parts them. */
function withLineEnds(content: string): string {
  return content.replaceAll(/\r\n|\r|\n/g, '\r\n').replaceAll('\0', '');
}

/** Content as lines: what every receiver should store. */
function lines(content: string): string {
  const text = withLineEnds(content);
  return text === '' || text.endsWith('\r\n') ? text : `${text}\r\n`;
}

/** Content in pieces. Text here is latin1: one character an octet. */
function inPieces(text: string, cut: number): Content {
  const octets = Buffer.from(text, 'latin1');
  return {
    size: octets.length,
    bytes: () => Promise.resolve(octets),
    async *stream() {
      for (let at = 0; at < octets.length; at += cut) yield octets.subarray(at, at + cut);
    },
  };
}

/** Behind lines enough that the pieces are sent as they are read. */
function largeInPieces(text: string, cut: number): Content {
  const small = inPieces(text, cut);
  return {
    size: LINES.length + small.size,
    bytes: () => Promise.reject(new Error('nobody should want it all at once')),
    async *stream() {
      yield LINES;
      yield* small.stream();
    },
  };
}

/** A next hop that keeps what follows each 354, and the relay to it. */
async function watched() {
  const wires: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    // A client that goes away without a word is no concern of this one.
    listen(socket, wires).catch(() => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const relay = await relaying({}, { hosts: { '192.0.2.1:25': (server.address() as AddressInfo).port } });
  /** The octets that one content becomes. */
  const wireOf = async (content: Content): Promise<string> => {
    expect(await relay.outcomes({ hosts: [MX], content })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    return wires.at(-1) ?? '';
  };
  return { wireOf };
}

async function listen(socket: Socket, wires: string[]): Promise<void> {
  let heard = '';
  let data: string | null = null;
  socket.write('220 hop.test ESMTP\r\n');
  for await (const octets of socket) {
    const text = (octets as Buffer).toString('latin1');
    if (data !== null) {
      data += text;
      if (!/(?:^|\r\n)\.\r\n$/.test(data)) continue;
      wires.push(data);
      data = null;
      socket.write('250 OK\r\n');
      continue;
    }
    heard += text;
    if (!heard.endsWith('\r\n')) continue;
    const isData = heard === 'DATA\r\n';
    if (isData) data = '';
    const last = isData ? '354 Go on' : '250 8BITMIME';
    socket.write(heard.startsWith('EHLO') ? '250-hop.test\r\n250 8BITMIME\r\n' : `${last}\r\n`);
    heard = '';
  }
}

const FRAGMENTS = [
  '\r',
  '\n',
  '\0',
  '.',
  '\r\n',
  '\r\n.\r\n',
  '\n.\n',
  '\r.\r',
  '..',
  'a',
  'QUIT',
  '\x1a',
  ' ',
  '\xff',
];
const hostile = fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 30 }).map(parts => parts.join(''));

describe('by DATA', () => {
  test('whatever mix of CR, LF, NUL and dot: one end of data, whoever reads it', async () => {
    const { wireOf } = await watched();
    await fc.assert(
      fc.asyncProperty(hostile, fc.integer({ min: 1, max: 12 }), async (text, cut) => {
        const wire = await wireOf(inPieces(text, cut));
        for (const one of RECEIVERS) expect(readBy(one, wire), one.receiver).toEqual({ ends: 1, after: '' });
        expect(stored(wire)).toBe(lines(text));
      }),
      { numRuns: 150 },
    );
  });

  test('whatever mix, in content too large to be sent at once, and wherever its pieces were cut', async () => {
    const { wireOf } = await watched();
    await fc.assert(
      fc.asyncProperty(hostile, fc.integer({ min: 1, max: 12 }), async (text, cut) => {
        const wire = await wireOf(largeInPieces(text, cut));
        const end = wire.slice(LINES.length - 2);
        for (const one of RECEIVERS) expect(readBy(one, end), one.receiver).toEqual({ ends: 1, after: '' });
        expect(wire.slice(0, LINES.length - 2)).toBe(LINES.toString('latin1').slice(0, -2));
        expect(stored(end)).toBe(`\r\n${lines(text)}`);
      }),
      { numRuns: 60 },
    );
  });

  const ENDS = ['\r\n', '\n', '\r', '\r\r\n', '\n\r', '\0\r\n', '\r\0\n', '\r\n\0'];
  const table = ENDS.flatMap(before => ENDS.map(after => ({ trick: `${before}.${after}` })));
  test('every end of data that somebody might take, at every cut', async () => {
    const { wireOf } = await watched();
    for (const { trick } of table) {
      const text = `Subject: x\r\n\r\nbody${trick}MAIL FROM:<evil@example.test>\r\n`;
      const start = text.indexOf(trick);
      for (const cut of [text.length, 1, start + 1, start + trick.length - 1]) {
        const wire = await wireOf(inPieces(text, cut));
        for (const one of RECEIVERS) {
          expect(readBy(one, wire), `${JSON.stringify(trick)} ${one.receiver}`).toEqual({ ends: 1, after: '' });
        }
        expect(stored(wire)).toBe(lines(text));
      }
    }
  });

  test("a plugin's rewrite is no way around it", async () => {
    const { wireOf } = await watched();
    const clean = contentOf('Subject: x\r\n\r\nbody\r\nrest\r\n');
    const replacement = Buffer.from('\n.\nMAIL FROM:<evil@example.test>\n');
    // Between the CR and the LF of one line end, and then at the end of everything.
    for (const at of [19, 20, clean.size]) {
      const wire = await wireOf(applyEdits(clean, [{ start: at, end: at, replacement }]));
      for (const one of RECEIVERS) expect(readBy(one, wire), one.receiver).toEqual({ ends: 1, after: '' });
    }
  });

  test('the table of receivers tells them apart: each trick works on somebody', () => {
    const tricked = (wire: string) => RECEIVERS.filter(one => readBy(one, wire).ends > 1).map(one => one.receiver);
    expect(tricked('a\r\n.\r\n')).toEqual([]);
    expect(tricked('a\n.\nb\r\n.\r\n')).toContain('takes a bare LF too');
    expect(tricked('a\r.\rb\r\n.\r\n')).toContain('takes a bare CR too');
    expect(tricked('a\r\n\0.\r\nb\r\n.\r\n')).toContain('strict, and overlooks NUL');
    expect(tricked('a\r\n.\r\nb\r\n.\r\n')).toHaveLength(RECEIVERS.length);
  });
});

describe('by BDAT', () => {
  test('whatever mix: the announced count is exact, the lines are lines, and nothing is read as a command', async () => {
    const { outcomes, sink } = await relayingTo(
      { extensions: ['PIPELINING', 'CHUNKING', '8BITMIME'] },
      { chunking: 'offered' },
    );
    await fc.assert(
      fc.asyncProperty(hostile, fc.integer({ min: 1, max: 12 }), async (text, cut) => {
        const before = sink.commands.length;
        expect(await outcomes({ content: inPieces(text, cut) })).toMatchObject({
          'bob@example.test': { kind: 'delivered' },
        });
        const content = sink.mails.at(-1)?.content.toString('latin1') ?? '';
        expect(content).toBe(withLineEnds(text));
        const said = sink.commands.slice(before).filter(command => command !== 'EHLO mx.example.test');
        expect(said).toEqual([
          expect.stringMatching(/^MAIL FROM:<ann@example\.test>( BODY=8BITMIME)?$/),
          'RCPT TO:<bob@example.test>',
          `BDAT ${content.length} LAST`,
        ]);
      }),
      { numRuns: 100, examples: [['\r\0\n.\n', 1]] },
    );
  });
});

describe('commands', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('a\r\nRSET', 'a> SIZE=1', 'a b', '"', '\\', '=', '+', 'x\0y', 'ä', '\u2028', '\ud800'),
  );
  const all = new Extensions(['SIZE', '8BITMIME', 'SMTPUTF8', 'DSN', 'MT-PRIORITY', 'REQUIRETLS']);
  const hop = { extensions: all, security: 'verified' } as const;
  const MAIL_KEYWORDS = ['SIZE', 'BODY', 'SMTPUTF8', 'RET', 'ENVID', 'MT-PRIORITY', 'REQUIRETLS'];

  /** The keywords after the path of a command, or `null` where no address can be written. */
  function keywordsOf(command: () => string): readonly string[] | null {
    let line: string;
    try {
      line = command();
    } catch (error) {
      expect(error).toBeInstanceOf(RangeError);
      return null;
    }
    expect(line).toMatch(/^[^\u0000-\u001f\u007f\u2028\u2029]+$/);
    const [, path] = /^(?:MAIL FROM|RCPT TO):(<>|<(?:"(?:[^"\\]|\\.)*"|[^\s"<>@]+)@[^\s<>]+>)/.exec(line) ?? [];
    expect(path, line).toBeDefined();
    const parsed = parseParameters(line.slice(line.indexOf(':') + 1 + (path ?? '').length));
    expect(parsed, line).toMatchObject({ kind: 'parameters' });
    return parsed.kind === 'parameters' ? parsed.list.map(({ keyword }) => keyword) : [];
  }

  test('injection: no address, ENVID or ORCPT of anybody ends a line or adds a parameter', () => {
    fc.assert(
      fc.property(anything, anything, anything, anything, anything, (localPart, domain, envelopeId, type, address) => {
        const mail = aMail({ parameters: { envelopeId, requireTls: true, priority: 3, returnContent: 'full' } });
        for (const written of [domain, 'example.test']) {
          const path = { localPart, domain: written };
          const recipient = {
            forwardPath: path,
            original: path,
            via: [],
            dsn: { notify: ['success'], originalRecipient: { type, address } },
          } as const;
          const envelope = { ...mail.envelope, reversePath: path };
          const ofMail = keywordsOf(() => mailCommand({ ...mail, envelope }, [recipient], hop)) ?? [];
          expect(ofMail.filter(keyword => !MAIL_KEYWORDS.includes(keyword))).toEqual([]);
          expect(new Set(ofMail).size).toBe(ofMail.length);
          const ofRcpt = keywordsOf(() => rcptCommand(recipient, hop)) ?? [];
          expect([[], ['NOTIFY'], ['NOTIFY', 'ORCPT']]).toContainEqual(ofRcpt);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what may be written is read back as it was meant', () => {
    const word = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(word, word, fc.integer({ min: -9, max: 9 }), (localPart, text, priority) => {
        const path = { localPart, domain: 'example.test' };
        const parameters = { envelopeId: text, priority, requireTls: true, smtpUtf8: true } as const;
        const mail = aMail({ parameters });
        const envelope = { ...mail.envelope, reversePath: path };
        const rules = {
          maxSize: 1e6,
          auth: false,
          requireTls: 'offered',
          binary: 'refused',
          highestPriority: 9,
        } as const;
        const said = mailCommand({ ...mail, envelope }, [], hop);
        expect(parseMail(said.slice('MAIL '.length), rules)).toMatchObject({ reversePath: path, parameters });
        const originalRecipient = { type: 'rfc822', address: text };
        const recipient = { forwardPath: path, original: path, via: [], dsn: { notify: null, originalRecipient } };
        const asked = rcptCommand(recipient, hop).slice('RCPT '.length);
        expect(parseRcpt(asked, { smtpUtf8: true, postmasterDomain: 'mx.test' })).toMatchObject({
          forwardPath: path,
          dsn: { originalRecipient },
        });
      }),
    );
  });

  test('our own name is a domain, or the configuration is refused', async () => {
    for (const hostname of ['a\r\nRSET', 'a b', 'a\0.test']) {
      await expect(relaying({ hostname }, {})).rejects.toThrow();
    }
  });
});
