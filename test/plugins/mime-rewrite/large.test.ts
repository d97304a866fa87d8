/** A mail of 100 MB under rules: what is held of it, and that what no rule touches comes out as it came in. */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { type Content, FILES, type Files, type OpenFile, readOutline, spanPieces } from '../../../core/index.ts';
import { harness, memoryFiles, provide } from '../../../core/testing.ts';
import mimeRewrite from '../../../plugins/mime-rewrite/index.ts';

const MB = 1e6;
/** One piece of a file, as many times as it takes: the source itself holds nothing. */
const PIECE = Buffer.from(`QUJD\r\n${`${'QUJD'.repeat(19)}\r\n`.repeat(839)}${'QUJD'.repeat(18)}`);
const PIECES = Math.ceil((100 * MB) / PIECE.length);

const HEAD = [
  'DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=example.test; s=s1; h=from; bh=x; b=y',
  'From: ann@example.test',
  'Subject: large',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain',
  '',
  'Hello',
  '--b',
  'Content-Type: application/octet-stream; name=small.exe',
  '',
  'MZ',
  '--b',
  'Content-Type: application/octet-stream; name=large.bin',
  'Content-Transfer-Encoding: base64',
  '',
  '',
].join('\r\n');
const TAIL = '\r\n--b--\r\n';

/** Notes the most memory that there was while the octets came by. */
interface Watch {
  readonly content: Content;
  /** In octets, above what there was at the beginning. */
  readonly most: () => number;
}

async function large(): Promise<Watch> {
  const before = await held();
  let most = 0;
  return {
    content: {
      size: HEAD.length + PIECES * PIECE.length + TAIL.length,
      bytes: () => Promise.reject(new Error('all octets were asked for at once')),
      async *stream() {
        yield Buffer.from(HEAD);
        for (let piece = 0; piece < PIECES; piece += 1) {
          if (piece === PIECES - 2) most = Math.max(most, (await held()) - before);
          yield PIECE;
        }
        yield Buffer.from(TAIL);
      },
    },
    most: () => most,
  };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What somebody still holds: garbage is collected first. */
async function held(): Promise<number> {
  collectGarbage();
  // Buffers are given back by another thread.
  await nextTurn();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A digest of the body of the second part: the file. */
async function digestOf(content: Content): Promise<string> {
  const outline = await readOutline(content);
  const [, file] = outline.kind === 'tree' ? outline.root.children : [];
  const hash = createHash('sha256');
  const spans = file === undefined ? [] : [{ start: file.bodyStart, end: file.end }];
  for await (const { octets } of spanPieces(content, spans)) hash.update(octets);
  return hash.digest('hex');
}

function digestOfFile(): string {
  const hash = createHash('sha256');
  for (let piece = 0; piece < PIECES; piece += 1) hash.update(PIECE);
  return hash.digest('hex');
}

test('memory: 100 MB are edited without being held', async () => {
  const { data } = await harness(mimeRewrite, {
    rules: [
      { do: [{ subjectTag: '[ext]' }, { footer: { text: 'From outside.' } }] },
      { match: { name: '*.exe' }, do: 'drop' },
      { match: { size: { over: '50 MB' } }, do: { inPart: { add: { field: 'X-Large', value: 'yes' } } } },
    ],
  });
  const { content, most } = await large();
  const answer = await data(content);
  if (answer?.kind !== 'rewrite') throw new Error('not rewritten');
  expect(await digestOf(answer.content)).toBe(digestOfFile());
  expect(answer.changes).toMatchObject([
    { what: 'tagged the subject with [ext]', breaks: [] },
    { what: 'put a footer into part 1', breaks: ['DKIM example.test (selector s1)'] },
    { what: 'dropped part 2' },
    { what: 'added header field X-Large in part 2' },
  ]);
  expect(most()).toBeLessThan(8 * MB);
}, 60_000);

test('memory: a part larger than may be held is not edited inside, and the log says so', async () => {
  const { data, log } = await harness(mimeRewrite, {
    rules: [{ match: { name: 'large.bin' }, do: { encode: { as: 'quoted-printable' } } }],
  });
  const { content, most } = await large();
  expect(await data(content)).toMatchObject({ kind: 'note', facts: { 'mime.skipped': ['rule 1'] } });
  expect(log.of('skipped')).toMatchObject([{ fields: { because: 'part 3 is larger than what is edited' } }]);
  expect(most()).toBeLessThan(8 * MB);
}, 60_000);

test('memory: a file of 100 MB goes to its folder piece by piece', async () => {
  const memory = memoryFiles();
  let written = 0;
  const file = {
    write: async (octets: Buffer, position: number) => {
      expect(position).toBe(written);
      written += octets.length;
    },
    sync: async () => undefined,
    close: async () => undefined,
  } as unknown as OpenFile;
  const files: Files = { ...memory, open: async () => file, rename: async () => undefined };
  const { data } = await harness(
    mimeRewrite,
    {
      rules: [
        {
          match: { name: 'large.bin' },
          do: { store: { directory: 'files', url: 'https://files.test/{digest}/{name}' } },
        },
      ],
    },
    { provide: [provide(FILES, files)] },
  );
  const { content, most } = await large();
  const answer = await data(content);
  expect(written).toBe((PIECES * PIECE.length * 57) / 78);
  expect(answer).toMatchObject({ kind: 'rewrite' });
  expect(answer?.kind === 'rewrite' && answer.content.size).toBeLessThan(2000);
  expect(most()).toBeLessThan(8 * MB);
}, 60_000);
