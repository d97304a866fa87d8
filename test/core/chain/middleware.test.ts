/** Middleware: what wraps what, who is blamed, and that it never opens the gate. */
import { describe, expect, test } from 'vitest';
import { accept, contentOf, deliveredTo, reject, reportAll } from '../../../core/index.ts';
import type { Around } from '../../../core/plugin/middleware.ts';
import { chainOf, link } from './chain-of.ts';
import { envelope, mail, recipient, session } from './subjects.ts';

const bob = recipient('bob@example.test');

function rcpt(...links: Parameters<typeof chainOf>[0]) {
  const made = chainOf(links);
  return { ...made, walked: made.chain.rcpt(session, envelope(), bob, {}) };
}

test('it wraps every call of the plugins below it, the topmost outermost, and none above', async () => {
  const order: string[] = [];
  const around =
    (name: string): Around =>
    async (call, next) => {
      order.push(`${name}>${call.plugin}`);
      const answer = await next();
      order.push(`${name}<${call.plugin}`);
      return answer;
    };
  const { walked } = rcpt(
    link('top', { rcpt: () => undefined }),
    link('outer', { around: around('outer') }),
    link('inner', { around: around('inner'), rcpt: () => undefined }),
    link('policy', { rcpt: () => accept }),
  );
  expect((await walked).decision.kind).toBe('claimed');
  expect(order).toEqual(['outer>inner', 'outer<inner', 'outer>policy', 'inner>policy', 'inner<policy', 'outer<policy']);
});

test('it wraps the calls of the hooks that it surrounds, and no others', async () => {
  const wrapped: string[] = [];
  const around: Around = (call, next) => {
    wrapped.push(call.hook);
    return next();
  };
  const { chain } = chainOf([
    link('wrapper', { around, surrounds: ['data'] }),
    link('policy', { mail: () => undefined, rcpt: () => accept, data: () => undefined }),
  ]);
  await chain.mail(session, null, envelope().parameters, {});
  expect((await chain.rcpt(session, envelope(), bob, {})).decision.kind).toBe('claimed');
  await chain.content(mail(['bob@example.test']), 'refuse');
  expect(wrapped).toEqual(['data']);
});

test('it can change an answer', async () => {
  const { walked } = rcpt(
    link('strict', {
      around: async (_, next) => ((await next()) === undefined ? undefined : reject(550, '5.7.1', 'No')),
    }),
    link('policy', { rcpt: () => accept }),
  );
  expect((await walked).decision).toMatchObject({ kind: 'refused', reply: { text: 'No' } });
});

test('an answer that the hook does not know is a failure', async () => {
  const { walked, log } = rcpt(
    link('odd', { around: () => ({ kind: 'hold', reason: 'x' }) }),
    link('policy', { rcpt: () => accept }),
  );
  expect((await walked).decision).toMatchObject({ kind: 'refused', reply: { code: 451 } });
  expect(log.lines[0]?.fields.cause).toMatch(/answered "hold"/);
});

test('it is not applied where its own condition does not hold, nor in shadow mode', async () => {
  const never: Around = () => reject(550, '5.7.1', 'wrapped');
  const { walked } = rcpt(
    link('tls-only', { around: never }, { when: { kind: 'tls', is: true } }),
    link('trial', { around: never }, { mode: 'shadow' }),
    link('policy', { rcpt: () => accept }),
  );
  expect((await walked).decision.kind).toBe('claimed');
});

describe('blame', () => {
  test('falls on the middleware that threw', async () => {
    const { walked, log } = rcpt(
      link('wrapper', { around: () => Promise.reject(new Error('mine')) }),
      link('policy', { rcpt: () => accept }),
    );
    expect((await walked).decision).toMatchObject({ kind: 'refused', by: 'wrapper', reply: { code: 451 } });
    expect(log.lines[0]?.fields).toMatchObject({ plugin: 'wrapper', hook: 'rcpt', cause: 'mine' });
  });

  test('stays with the plugin whose error came through', async () => {
    const { walked } = rcpt(
      link('wrapper', { around: (_, next) => next() }),
      link('policy', { rcpt: () => Promise.reject(new Error('its own')) }),
    );
    expect((await walked).decision).toMatchObject({ by: 'policy' });
  });

  test('falls on whoever holds the call when the deadline passes', async () => {
    const { walked, clock } = rcpt(
      link('wrapper', { around: async (_, next) => (await next(), new Promise(() => undefined)) }),
      link('policy', { rcpt: () => accept }),
    );
    await clock.advance(30_000);
    expect((await walked).decision).toMatchObject({ kind: 'refused', by: 'wrapper' });
  });

  test('calling next twice is a failure', async () => {
    const { walked, log } = rcpt(
      link('twice', { around: async (_, next) => (await next(), next()) }),
      link('policy', { rcpt: () => accept }),
    );
    expect((await walked).decision).toMatchObject({ kind: 'refused', by: 'twice' });
    expect(log.lines[0]?.fields.cause).toBe('called next twice');
  });
});

describe('a middleware whose failures are ignored', () => {
  test('does not keep the plugin below from refusing', async () => {
    const { walked } = rcpt(
      link('broken', { around: () => Promise.reject(new Error('x')) }, { onError: 'ignore' }),
      link('gate', { rcpt: () => reject(550, '5.7.1', 'No') }),
      link('policy', { rcpt: () => accept }),
    );
    expect((await walked).decision).toMatchObject({ kind: 'refused', by: 'gate' });
  });

  test('keeps the answer that it had already got', async () => {
    let calls = 0;
    const around: Around = async (_, next) => {
      await next();
      throw new Error('after');
    };
    const { walked } = rcpt(
      link('broken', { around }, { onError: 'ignore' }),
      link('policy', { rcpt: () => (calls++, accept) }),
    );
    expect((await walked).decision.kind).toBe('claimed');
    expect(calls).toBe(1);
  });

  test('still defers where it hangs', async () => {
    const { walked, clock } = rcpt(
      link('hung', { around: () => new Promise(() => undefined) }, { onError: 'ignore' }),
      link('policy', { rcpt: () => accept }),
    );
    await clock.advance(30_000);
    expect((await walked).decision).toMatchObject({ kind: 'refused', by: 'hung' });
  });
});

describe('at deliver', () => {
  const transport = { delivers: 'here' } as const;

  test('it may pass on changed content', async () => {
    const seen: string[] = [];
    const sign: Around = (call, next) => {
      if (call.hook !== 'deliver') return next();
      return next({ ...call.subject, mail: { ...call.subject.mail, content: contentOf('signed') } });
    };
    const { chain } = chainOf([
      link('sign', { around: sign }),
      link(
        'boxes',
        {
          deliver: async ({ mail: delivered, recipients }) => {
            seen.push((await delivered.content.bytes()).toString());
            return reportAll(recipients, deliveredTo('box'));
          },
        },
        transport,
      ),
    ]);
    const queued = mail(['bob@example.test']);
    await chain.deliver('boxes', { mail: queued, recipients: queued.envelope.recipients, hosts: [], attempt: 1 });
    expect(seen).toEqual(['signed']);
  });

  test('but at no other hook', async () => {
    const { walked, log } = rcpt(
      link('meddler', { around: (_, next) => next({ mail: mail([]), recipients: [], hosts: [], attempt: 1 }) }),
      link('policy', { rcpt: () => accept }),
    );
    expect((await walked).decision).toMatchObject({ kind: 'refused', by: 'meddler' });
    expect(log.lines[0]?.fields.cause).toBe('changed the subject of rcpt');
  });
});
