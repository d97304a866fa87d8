import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { areKnownLines } from '../../../core/mail/known-lines.ts';
import { CONTENT_MEMORY, ContentMemory } from '../../../core/smtp/content-memory.ts';
import { type IntakeRules, takeIn } from '../../../core/smtp/intake.ts';
import { MEMORY_LIMIT, type Spool } from '../../../core/smtp/reception.ts';

/** A spool that remembers, and fails where it is told to. */
function fakeSpool(failing: 'write' | 'finish' | null = null) {
  const pieces: Buffer[] = [];
  const calls: string[] = [];
  const full = () => Promise.reject(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
  const spool: Spool = {
    write(...more) {
      calls.push('write');
      if (failing === 'write') return full();
      pieces.push(...more);
      return Promise.resolve();
    },
    finish() {
      calls.push('finish');
      return failing === 'finish' ? full() : Promise.resolve(contentOf(Buffer.concat(pieces)));
    },
    abandon() {
      calls.push('abandon');
      return Promise.resolve();
    },
  };
  return { spool, calls };
}

function rules(changes: Partial<IntakeRules> = {}): IntakeRules {
  return {
    maxSize: 10_000_000,
    bareNewline: 'reject',
    header: 1024 ** 2,
    contentLine: null,
    memory: new ContentMemory(CONTENT_MEMORY),
    spool() {
      throw new Error('not expected to be opened');
    },
    seal: () => ({ kind: 'sealed', fields: 'X-Trace: here\r\n' }),
    ...changes,
  };
}

/** A stream that says when it was read to its end. */
function streamOf(...pieces: readonly string[]) {
  const state = { ended: false };
  async function* stream(): AsyncGenerator<Buffer> {
    for (const piece of pieces) yield await Promise.resolve(Buffer.from(piece));
    state.ended = true;
  }
  return { stream: stream(), state };
}

const LARGE = `Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(MEMORY_LIMIT / 16)}`;

test('small content stays in memory, with our fields above its own', async () => {
  const taken = await takeIn(streamOf('Subject: he', 'llo\r\n\r\nbody\r\n').stream, rules());
  if (taken.kind !== 'taken') throw new Error(taken.kind);
  expect((await taken.content.bytes()).toString()).toBe('X-Trace: here\r\nSubject: hello\r\n\r\nbody\r\n');
});

test('our fields go below a line that some mbox left at the top, so that the header stays whole', async () => {
  const taken = await takeIn(streamOf('From ann Mon Nov 23\r\nSubject: hello\r\n\r\n').stream, rules());
  if (taken.kind !== 'taken') throw new Error(taken.kind);
  expect((await taken.content.bytes()).toString()).toBe(
    'From ann Mon Nov 23\r\nX-Trace: here\r\nSubject: hello\r\n\r\n',
  );
});

test.each(['  a line of the body\r\n', 'no header at all\r\n'])(
  'content without a header keeps %j as its body',
  async body => {
    const taken = await takeIn(streamOf(body).stream, rules());
    if (taken.kind !== 'taken') throw new Error(taken.kind);
    expect((await taken.content.bytes()).toString()).toBe(`X-Trace: here\r\n\r\n${body}`);
  },
);

test('large content goes to the spool, to the octet, and is disposed of once', async () => {
  const { spool, calls } = fakeSpool();
  const pieces = LARGE.match(/[^]{1,40000}/g) ?? [];
  const taken = await takeIn(streamOf(...pieces).stream, rules({ spool: () => spool }));
  if (taken.kind !== 'taken') throw new Error(taken.kind);
  expect((await taken.content.bytes()).equals(Buffer.from(`X-Trace: here\r\n${LARGE}`))).toBe(true);
  expect(calls).not.toContain('abandon');
  await taken.dispose();
  await taken.dispose();
  expect(calls.filter(call => call === 'abandon')).toHaveLength(1);
});

describe('a full disk is 452, after the content was read to its end, and leaves nothing behind', () => {
  test.for(['write', 'finish'] as const)('at %s', async failing => {
    const { spool, calls } = fakeSpool(failing);
    const { stream, state } = streamOf(LARGE, 'more\r\n', 'and more\r\n');
    const intake = await takeIn(stream, rules({ spool: () => spool }));
    expect(intake).toMatchObject({ kind: 'refused', reply: { code: 452, status: '4.3.1' } });
    expect(state.ended).toBe(true);
    expect(calls.filter(call => call === 'abandon')).toHaveLength(1);
    expect(calls.at(-1)).toBe('abandon');
  });
});

test('content that is too large is read to its end, and no more of it is kept', async () => {
  const { spool, calls } = fakeSpool();
  const { stream, state } = streamOf(LARGE, LARGE, LARGE);
  const intake = await takeIn(stream, rules({ maxSize: MEMORY_LIMIT * 2, spool: () => spool }));
  expect(intake).toMatchObject({ kind: 'refused', reply: { code: 552, status: '5.3.4' } });
  expect(state.ended).toBe(true);
  expect(calls.at(-1)).toBe('abandon');
});

test('the limit is the size itself', async () => {
  expect(await takeIn(streamOf('12345\r\n').stream, rules({ maxSize: 7 }))).toMatchObject({ kind: 'taken' });
  expect(await takeIn(streamOf('12345\r\n').stream, rules({ maxSize: 6 }))).toMatchObject({ kind: 'refused' });
});

test('of two reasons the first counts', async () => {
  const intake = await takeIn(streamOf('a\nb', 'cdefghij').stream, rules({ maxSize: 5 }));
  expect(intake).toMatchObject({ reply: { code: 550, status: '5.5.2' } });
});

test('a header section that the engine refuses is refused, in memory and beyond', async () => {
  const refusal = { kind: 'refused', reply: { code: 554, status: '5.4.6', text: 'loop' }, because: 'hops' } as const;
  const refusing = rules({ seal: () => refusal });
  expect(await takeIn(streamOf('Subject: hello\r\n\r\n').stream, refusing)).toEqual(refusal);
  expect(await takeIn(streamOf(LARGE, 'more').stream, refusing)).toEqual(refusal);
});

test('a client that leaves in the middle leaves nothing behind', async () => {
  const { spool, calls } = fakeSpool();
  async function* broken(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from(LARGE));
    throw new Error('connection closed');
  }
  expect(await takeIn(broken(), rules({ spool: () => spool }))).toEqual({ kind: 'left' });
  expect(calls.at(-1)).toBe('abandon');
});

test('a fault of ours is 451, never silence', async () => {
  const faulty = rules({
    seal() {
      throw new Error('bug');
    },
  });
  expect(await takeIn(streamOf('a\r\n').stream, faulty)).toMatchObject({ kind: 'refused', reply: { code: 451 } });
  expect(await takeIn(streamOf(LARGE).stream, faulty)).toMatchObject({ kind: 'refused', reply: { code: 451 } });
});

test('a line that some mbox left without its end stays apart from our fields', async () => {
  const taken = await takeIn(streamOf('From ann@client.test Mon ').stream, rules());
  if (taken.kind !== 'taken') throw new Error(taken.kind);
  expect((await taken.content.bytes()).toString()).toBe('From ann@client.test Mon \r\nX-Trace: here\r\n');
});

describe('what is known of it afterwards', () => {
  const known = async (text: string, more: Partial<IntakeRules> = {}) => {
    const taken = await takeIn(streamOf(text).stream, rules({ spool: () => fakeSpool().spool, ...more }));
    if (taken.kind !== 'taken') throw new Error(taken.kind);
    return areKnownLines(taken.content);
  };

  test('that it is lines, however large it is, and whatever was put right', async () => {
    expect(await known('Subject: hello\r\n\r\nbody\r\n')).toBe(true);
    expect(await known(LARGE)).toBe(true);
    expect(await known('Subject: hello\r\n\r\nbo\ndy\r\n', { bareNewline: 'normalize' })).toBe(true);
  });

  test('nothing, where its line ends were not looked at', async () => {
    expect(await known('Subject: hello\r\n\r\nbody\r\n', { bareNewline: 'keep' })).toBe(false);
  });

  test('nothing, where a field that was put above it is no line', async () => {
    const seal = () => ({ kind: 'sealed', fields: 'X-Trace: he\nre\r\n' }) as const;
    expect(await known('Subject: hello\r\n\r\nbody\r\n', { seal })).toBe(false);
  });
});

describe('where memory is scarce', () => {
  test('octets on their way to a file count until the file has taken them', async () => {
    const memory = new ContentMemory({ plenty: 1000, most: 200_000 });
    const taken = Promise.withResolvers<void>();
    const writing = Promise.withResolvers<void>();
    const { spool } = fakeSpool();
    const slow: Spool = {
      ...spool,
      write: (...more) => {
        writing.resolve();
        return taken.promise.then(() => spool.write(...more));
      },
    };
    const intake = takeIn(streamOf(LARGE).stream, rules({ memory, spool: () => slow }));
    await writing.promise;
    expect(memory.state).toBe('scarce');
    taken.resolve();
    expect(await intake).toMatchObject({ kind: 'taken' });
    expect(memory.state).toBe('spare');
  });

  const early = `Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(3000)}`;
  const pieces = (text: string) => text.match(/[^]{1,16384}/g) ?? [];
  const used = (octets: number) => {
    const memory = new ContentMemory({ plenty: 1000, most: 200_000 });
    memory.hold(octets);
    return memory;
  };

  test('content goes to its file as soon as its header is over, and counts no more', async () => {
    const { spool, calls } = fakeSpool();
    const memory = used(1000);
    const taken = await takeIn(streamOf(...pieces(early)).stream, rules({ memory, spool: () => spool }));
    if (taken.kind !== 'taken') throw new Error(taken.kind);
    expect(calls).toContain('write');
    expect((await taken.content.bytes()).toString()).toBe(`X-Trace: here\r\n${early}`);
    memory.release(1000);
    memory.hold(999);
    expect(memory.state).toBe('spare');
  });

  test('small content stays where it is', async () => {
    const taken = await takeIn(streamOf('Subject: small\r\n\r\n').stream, rules({ memory: used(1000) }));
    expect(taken.kind).toBe('taken');
  });

  test('a header that goes on is waited for, and refused with 451 once nothing is left', async () => {
    const header = 'X-Long: on and on\r\n'.repeat(4000);
    const waits = await takeIn(
      streamOf(...pieces(`${header}\r\nbody\r\n`)).stream,
      rules({ memory: used(1000), spool: () => fakeSpool().spool }),
    );
    expect(waits.kind).toBe('taken');
    const memory = used(190_000);
    const { stream, state } = streamOf(...pieces(header));
    expect(await takeIn(stream, rules({ memory }))).toMatchObject({
      kind: 'refused',
      reply: { code: 451, status: '4.3.2' },
    });
    expect(state.ended).toBe(true);
    memory.release(190_000);
    expect(memory.state).toBe('spare');
  });

  test('content counts until it is disposed of', async () => {
    const memory = new ContentMemory({ plenty: 20, most: 200 });
    const taken = await takeIn(streamOf('Subject: twenty octets\r\n\r\n').stream, rules({ memory }));
    expect(memory.state).toBe('scarce');
    if (taken.kind === 'taken') await taken.dispose();
    expect(memory.state).toBe('spare');
  });

  test('content of a client that leaves counts no more', async () => {
    const memory = new ContentMemory({ plenty: 5, most: 200 });
    async function* breaking(): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('Subject: broken'));
      throw new Error('the client has left');
    }
    expect(await takeIn(breaking(), rules({ memory }))).toEqual({ kind: 'left' });
    expect(memory.state).toBe('spare');
  });
});
