/** What happens to a session when a plugin misbehaves: nothing is accepted by accident, and the log says who and why. */
import { describe, expect, test } from 'vitest';
import { accept, type PluginInstance, reject } from '../../../core/index.ts';
import { Failure } from '../../../core/mail/failure.ts';
import { chainOf, link } from './chain-of.ts';
import { envelope, recipient, session } from './subjects.ts';

const claims: PluginInstance = { rcpt: () => accept };

/** What the client hears at RCPT with a misbehaving plugin in front of one that would take everything. */
async function rcptWith(instance: PluginInstance, changes = {}) {
  const { chain, log, clock } = chainOf([link('crooked', instance, changes), link('policy', claims)]);
  const walked = chain.rcpt(session, envelope(), recipient('bob@example.test'), {});
  return { walked, log, clock };
}

const broken: readonly { readonly name: string; readonly instance: PluginInstance; readonly cause: RegExp }[] = [
  {
    name: 'throws',
    instance: {
      rcpt: () => {
        throw new Error('table missing');
      },
    },
    cause: /table missing/,
  },
  { name: 'rejects', instance: { rcpt: () => Promise.reject(new Error('no database')) }, cause: /no database/ },
  {
    name: 'throws what is no error',
    instance: {
      rcpt: () => {
        // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
        throw 'a string';
      },
    },
    cause: /a string/,
  },
  {
    name: 'throws what no text can be made of',
    instance: {
      rcpt: () => {
        // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error
        throw Object.create(null);
      },
    },
    cause: /something that cannot be shown \(object\)/,
  },
  { name: 'answers with a string', instance: { rcpt: () => 'OK' as never }, cause: /answered a string/ },
  {
    name: 'answers what the hook does not know',
    instance: { rcpt: () => ({ kind: 'rewrite' }) as never },
    cause: /answered "rewrite"; rcpt knows/,
  },
  {
    name: 'rejects with a 4.x.x status',
    instance: { rcpt: () => ({ kind: 'reject', reply: { code: 550, status: '4.1.1', text: 'no' } }) as never },
    cause: /no 5yz with a 5\.x\.x status/,
  },
  {
    name: 'expands to nobody',
    instance: { rcpt: () => ({ kind: 'expand', to: [] }) },
    cause: /expanded a recipient to nobody/,
  },
  {
    name: 'notes a fact that cannot be stored',
    instance: { rcpt: () => ({ kind: 'note', facts: { fine: 7, score: 10n } }) as never },
    cause: /noted the fact score as a bigint, which is no plain data/,
  },
];

describe('a plugin that breaks', () => {
  test.each(broken)(
    'and $name defers with 451 4.3.0, and the log names plugin, hook and cause',
    async ({ instance, cause }) => {
      const { walked, log } = await rcptWith(instance);
      const { decision, steps } = await walked;
      expect(decision).toMatchObject({ kind: 'refused', reply: { code: 451, status: '4.3.0' }, by: 'crooked' });
      expect(steps.map(step => [step.plugin, step.answer])).toEqual([['crooked', 'failed']]);
      const [line] = log.lines;
      expect(line).toMatchObject({ level: 'error', event: 'failed' });
      expect(line?.fields).toMatchObject({
        plugin: 'crooked',
        hook: 'rcpt',
        session: 's1',
        cause: expect.stringMatching(cause),
      });
    },
  );

  test('is told by its line, in the log and in the trace', async () => {
    const { walked, log } = await rcptWith({ rcpt: () => Promise.reject(new Error('no database')) });
    const [step] = (await walked).steps;
    expect(log.lines[0]?.fields.at).toMatch(/^test\/core\/chain\/containment\.test\.ts:\d+:\d+$/);
    expect(step?.detail).toBe(`crooked failed at rcpt: no database (${String(log.lines[0]?.fields.at)})`);
  });

  test('never tells the client the cause', async () => {
    const { walked } = await rcptWith({ rcpt: () => Promise.reject(new Error('password hunter2 is wrong')) });
    expect((await walked).decision).toMatchObject({ reply: { text: expect.not.stringContaining('hunter2') } });
  });

  test('rejects for good where its onError says so', async () => {
    const { walked } = await rcptWith({ rcpt: () => Promise.reject(new Error('x')) }, { onError: 'reject' });
    expect((await walked).decision).toMatchObject({ kind: 'refused', reply: { code: 554, status: '5.3.0' } });
  });

  test('is passed over where its onError says ignore, and the log still tells', async () => {
    const { walked, log } = await rcptWith({ rcpt: () => Promise.reject(new Error('x')) }, { onError: 'ignore' });
    expect((await walked).decision).toMatchObject({ kind: 'claimed' });
    expect(log.lines.map(line => line.event)).toEqual(['failed']);
  });

  test('may say itself which refusal its failure deserves', async () => {
    const full = new Failure({ code: 452, status: '4.3.1', text: 'Insufficient system storage' }, 'ENOSPC');
    const { walked } = await rcptWith({ rcpt: () => Promise.reject(full) });
    expect((await walked).decision).toMatchObject({ reply: { code: 452, status: '4.3.1' } });
  });

  test('because the disk is full defers with 452, never for good', async () => {
    const { walked } = await rcptWith({
      rcpt: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOSPC' })),
    });
    expect((await walked).decision).toMatchObject({ reply: { code: 452, status: '4.3.1' } });
  });
});

describe('a plugin that misses its deadline', () => {
  test('and never answers defers, and its signal is aborted', async () => {
    let signal: AbortSignal | null = null;
    const { walked, log, clock } = await rcptWith({
      rcpt: (_, context) => {
        signal = context.signal;
        return new Promise(() => undefined);
      },
    });
    await clock.advance(30_000);
    const { decision, steps } = await walked;
    expect(decision).toMatchObject({ kind: 'refused', reply: { code: 451, status: '4.3.0' }, by: 'crooked' });
    expect(steps[0]).toMatchObject({ answer: 'late', took: 30_000 });
    expect(log.lines[0]?.fields).toMatchObject({ plugin: 'crooked', hook: 'rcpt', cause: 'no answer within 30000 ms' });
    expect(signal).toMatchObject({ aborted: true });
  });

  test('and answers late is not heard, and the log says so', async () => {
    let answerNow: (value: typeof accept) => void = () => undefined;
    const late = new Promise<typeof accept>(resolve => {
      answerNow = resolve;
    });
    const { walked, log, clock } = await rcptWith({ rcpt: () => late });
    await clock.advance(30_000);
    expect((await walked).decision.kind).toBe('refused');
    answerNow(accept);
    await clock.advance(1);
    expect(log.lines.map(line => line.event)).toEqual(['failed', 'answered late']);
  });

  test('just in time is heard', async () => {
    const { chain, clock } = chainOf([
      link('slow', { rcpt: (_, { signal }) => clock.sleep(29_999, signal).then(() => reject(550, '5.7.1', 'No')) }),
      link('policy', claims),
    ]);
    const walked = chain.rcpt(session, envelope(), recipient('bob@example.test'), {});
    await clock.advance(29_999);
    expect((await walked).decision).toMatchObject({ reply: { text: 'No' } });
  });
});

describe('a plugin that answers twice', () => {
  /** What no promise does, but a home-made thenable may. */
  function thenable(body: (resolve: (value: unknown) => void) => void) {
    // oxlint-disable-next-line unicorn/no-thenable
    return { then: body } as never;
  }

  test('defers, and the log says so', async () => {
    const twice = thenable(resolve => {
      resolve(accept);
      resolve(reject(550, '5.7.1', 'No'));
    });
    const { walked, log } = await rcptWith({ rcpt: () => twice });
    expect((await walked).decision).toMatchObject({
      kind: 'refused',
      reply: { code: 451, status: '4.3.0' },
      by: 'crooked',
    });
    expect(log.lines[0]?.fields).toMatchObject({ plugin: 'crooked', hook: 'rcpt', cause: 'answered twice' });
  });

  test('the second time when it is too late, is heard the first time alone, and the log says so', async () => {
    let again: (value: unknown) => void = () => undefined;
    const late = thenable(resolve => {
      again = resolve;
      resolve(reject(550, '5.7.1', 'No'));
    });
    const { walked, log } = await rcptWith({ rcpt: () => late });
    expect((await walked).decision).toMatchObject({ reply: { text: 'No' } });
    again(accept);
    expect(log.lines.map(line => line.event)).toEqual(['answered twice']);
  });
});

test('an observer that throws disturbs nobody', async () => {
  const seen: string[] = [];
  const { chain, log } = chainOf([
    link('loud', {
      observe: {
        refused: () => {
          throw new Error('boom');
        },
      },
    }),
    link('async', { observe: { refused: () => Promise.reject(new Error('later')) } }),
    link('calm', { observe: { refused: ({ by }) => void seen.push(by) } }),
  ]);
  const reply = { code: 550, status: '5.7.1', text: 'No' } as const;
  chain.tell('refused', { session, hook: 'rcpt', reply, by: 'policy', because: null, recipient: null, trace: [] });
  await Promise.resolve();
  expect(seen).toEqual(['policy']);
  expect(log.lines.map(line => line.fields.cause)).toEqual(['boom', 'later']);
});
