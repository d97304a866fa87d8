/** How each hook is walked: the order of the configuration, refusals that win, claims, shadow mode, conditions. */
import { describe, expect, test } from 'vitest';
import {
  accept,
  authenticated,
  defer,
  expand,
  note,
  offer,
  type PluginInstance,
  parseScramKeys,
  reject,
  Secret,
  stored,
} from '../../../core/index.ts';
import { chainOf, link } from './chain-of.ts';
import { envelope, mailbox, recipient, session } from './subjects.ts';

const bob = recipient('bob@example.test');
const no = reject(550, '5.7.1', 'No', 'because of a test');

describe('rcpt', () => {
  const cases: readonly {
    readonly name: string;
    readonly plugins: readonly PluginInstance[];
    readonly want: object;
  }[] = [
    { name: 'nobody claims', plugins: [{ rcpt: () => undefined }], want: { kind: 'refused', by: 'mailframe' } },
    { name: 'no plugin at all', plugins: [], want: { kind: 'refused', reply: { code: 550, status: '5.7.1' } } },
    { name: 'one claims', plugins: [{}, { rcpt: () => accept }], want: { kind: 'claimed', recipients: [bob] } },
    {
      name: 'a refusal below a claim wins',
      plugins: [{ rcpt: () => accept }, { rcpt: () => no }],
      want: { kind: 'refused', by: 'p1', because: 'because of a test' },
    },
    {
      name: 'a refusal above a claim wins',
      plugins: [{ rcpt: () => defer(450, '4.7.1', 'Later') }, { rcpt: () => accept }],
      want: { kind: 'refused', reply: { code: 450 }, by: 'p0' },
    },
    {
      name: 'a note alone is no claim',
      plugins: [{ rcpt: () => note({ score: 3 }) }],
      want: { kind: 'refused', by: 'mailframe' },
    },
  ];
  test.each(cases)('$name', async ({ plugins, want }) => {
    const { chain } = chainOf(plugins.map((plugin, index) => link(`p${index}`, plugin)));
    expect((await chain.rcpt(session, envelope(), bob, {})).decision).toMatchObject(want);
  });

  test('an expansion replaces the recipient, keeps what the client said, and names each target once', async () => {
    const to = (text: string) => ({ to: mailbox(text), via: `staff (aliases:${text.length})` });
    const { chain } = chainOf([
      link('aliases', { rcpt: () => expand([to('ann@example.test'), to('Ann@example.test'), to('ann@example.test')]) }),
      link('more', { rcpt: () => expand([to('eve@example.test'), to('ann@example.test')]) }),
      link('policy', { rcpt: () => accept }),
    ]);
    const { decision } = await chain.rcpt(session, envelope(), recipient('staff@example.test'), {});
    if (decision.kind !== 'claimed') throw new Error('refused');
    expect(decision.recipients.map(one => one.forwardPath.localPart)).toEqual(['ann', 'Ann', 'eve']);
    expect(decision.recipients.every(one => one.original.localPart === 'staff' && one.via.length === 1)).toBe(true);
  });

  test('a plugin knows whether one above has claimed the recipient', async () => {
    const seen: boolean[] = [];
    const looks = { rcpt: ({ claimed }: { claimed: boolean }) => void seen.push(claimed) };
    const { chain } = chainOf([
      link('before', looks),
      link('trial', { rcpt: () => accept }, { mode: 'shadow' }),
      link('between', looks),
      link('policy', { rcpt: () => accept }),
      link('after', looks),
    ]);
    await chain.rcpt(session, envelope(), bob, {});
    expect(seen).toEqual([false, false, true]);
  });

  test('every plugin that answers is in the trace, in the order of the configuration', async () => {
    const { chain } = chainOf([
      link('first', { rcpt: () => undefined }),
      link('deaf', { mail: () => undefined }),
      link('second', { rcpt: () => accept }, { when: { kind: 'tls', is: true } }),
      link('third', { rcpt: () => accept }),
    ]);
    const { steps } = await chain.rcpt(session, envelope(), bob, {});
    expect(steps.map(step => `${step.plugin} ${step.answer}`)).toEqual([
      'first silent',
      'second skipped',
      'third accept',
    ]);
    expect(steps[0]).toMatchObject({ hook: 'rcpt', asked: '<bob@example.test>', mode: 'enforce' });
  });
});

describe('shadow mode', () => {
  test('is asked and recorded, and nothing comes of it', async () => {
    const { chain } = chainOf([
      link('trial', { rcpt: () => no }, { mode: 'shadow' }),
      link('policy', { rcpt: () => accept }),
    ]);
    const { decision, steps } = await chain.rcpt(session, envelope(), bob, {});
    expect(decision.kind).toBe('claimed');
    expect(steps[0]).toMatchObject({
      plugin: 'trial',
      mode: 'shadow',
      answer: 'reject',
      detail: expect.stringContaining('No'),
    });
  });

  test('a claim in shadow mode takes nothing', async () => {
    const { chain } = chainOf([link('trial', { rcpt: () => accept }, { mode: 'shadow' })]);
    expect((await chain.rcpt(session, envelope(), bob, {})).decision.kind).toBe('refused');
  });

  test('facts of a shadow plugin reach nobody', async () => {
    const { chain } = chainOf([link('trial', { connect: () => note({ score: 9 }) }, { mode: 'shadow' })]);
    const { facts, steps } = await chain.connect(session);
    expect(facts).toEqual({});
    expect(steps[0]?.facts).toEqual({ score: 9 });
  });
});

describe('facts', () => {
  test('that one plugin states are conditions for a later one, and for no earlier one', async () => {
    const infected = { kind: 'fact', name: 'virus', values: ['infected'] } as const;
    const { chain } = chainOf([
      link('early', { mail: () => no }, { when: infected }),
      link('scanner', { mail: () => note({ virus: 'infected' }) }),
      link('late', { mail: () => defer(450, '4.7.1', 'Later') }, { when: infected }),
    ]);
    const { decision, facts } = await chain.mail(session, null, envelope().parameters, { from: 'connect' });
    expect(decision).toMatchObject({ kind: 'refused', by: 'late' });
    expect(facts).toEqual({ from: 'connect', virus: 'infected' });
  });

  test('that nobody stated make no condition hold, nor its opposite', async () => {
    const infected = { kind: 'fact', name: 'virus', values: ['infected'] } as const;
    const { chain } = chainOf([
      link('one', { mail: () => no }, { when: infected }),
      link('other', { mail: () => no }, { when: { kind: 'not', of: infected } }),
    ]);
    const { decision, steps } = await chain.mail(session, null, envelope().parameters, {});
    expect(decision.kind).toBe('passed');
    expect(steps.map(step => step.detail)).toEqual(Array(2).fill('its condition looks at what is not known here'));
  });
});

describe('helo', () => {
  test('offers add up and a refusal still wins', async () => {
    const greeting = { verb: 'EHLO', domain: 'client.test' } as const;
    const offers = [
      link('a', { helo: () => offer({ add: ['XA'] }) }),
      link('b', { helo: () => offer({ remove: ['DSN'] }) }),
    ];
    const open = chainOf(offers).chain;
    expect((await open.helo(session, greeting, {})).decision).toEqual({
      kind: 'greeted',
      add: ['XA'],
      remove: ['DSN'],
    });
    const closed = chainOf([...offers, link('c', { helo: () => no })]).chain;
    expect((await closed.helo(session, greeting, {})).decision).toMatchObject({ kind: 'refused', by: 'c' });
  });
});

describe('auth', () => {
  const credentials = { mechanism: 'PLAIN', user: 'ann', password: 'hunter2' } as const;

  test('nobody knows the credentials: 535', async () => {
    const { chain } = chainOf([link('users', { auth: () => undefined })]);
    expect((await chain.auth(session, credentials, {})).decision).toMatchObject({
      reply: { code: 535, status: '5.7.8' },
    });
  });

  test('the first answer counts and no later plugin is asked', async () => {
    const { chain } = chainOf([
      link('users', { auth: () => authenticated('ann') }),
      link('never', { auth: () => reject(535, '5.7.8', 'No') }),
    ]);
    const { decision, steps } = await chain.auth(session, credentials, {});
    expect(decision).toEqual({ kind: 'identified', user: 'ann', by: 'users' });
    expect(steps.map(step => step.plugin)).toEqual(['users']);
  });

  test('the password is in no step of the trace', async () => {
    const { chain } = chainOf([link('users', { auth: () => undefined })]);
    expect(JSON.stringify(await chain.auth(session, credentials, {}))).not.toContain('hunter2');
  });
});

describe('secret', () => {
  const asked = { mechanism: 'CRAM-MD5', user: 'tim' } as const;
  const secret = { mechanism: 'CRAM-MD5', password: new Secret('hunter2') } as const;
  const keys = parseScramKeys(`SCRAM-SHA-256$4096:${'A'.repeat(12)}$${'A'.repeat(43)}=:${'A'.repeat(43)}=`);

  test('nobody knows the user: passed', async () => {
    const { chain } = chainOf([link('users', { secret: () => undefined })]);
    expect((await chain.secret(session, asked, {})).decision).toEqual({ kind: 'passed' });
  });

  test('the first answer counts and no later plugin is asked', async () => {
    const { chain } = chainOf([
      link('silent', { secret: () => undefined }),
      link('users', { secret: ({ mechanism, user }) => stored(`${user} by ${mechanism}`, secret) }),
      link('never', { secret: () => reject(535, '5.7.8', 'No') }),
    ]);
    const { decision, steps } = await chain.secret(session, asked, {});
    expect(decision).toEqual({ kind: 'known', user: 'tim by CRAM-MD5', secret, by: 'users' });
    expect(steps).toMatchObject([
      { hook: 'secret', plugin: 'silent', asked: 'CRAM-MD5 tim', answer: 'silent' },
      { hook: 'secret', plugin: 'users', asked: 'CRAM-MD5 tim', answer: 'stored', detail: 'tim by CRAM-MD5' },
    ]);
    expect(JSON.stringify({ decision, steps })).not.toContain('hunter2');
  });

  test('a refusal ends it', async () => {
    const { chain } = chainOf([
      link('locks', { secret: () => reject(535, '5.7.8', 'Locked', 'unpaid') }),
      link('users', { secret: () => stored('tim', secret) }),
    ]);
    expect((await chain.secret(session, asked, {})).decision).toMatchObject({ kind: 'refused', by: 'locks' });
  });

  test('a plugin in shadow mode stores nothing', async () => {
    const { chain } = chainOf([link('users', { secret: () => stored('tim', secret) }, { mode: 'shadow' })]);
    expect((await chain.secret(session, asked, {})).decision).toEqual({ kind: 'passed' });
  });

  test.each([
    { what: 'throws', answer: () => Promise.reject(new Error('hunter2 is away')) },
    { what: 'has keys for another mechanism', answer: () => keys && stored('tim', keys) },
    { what: 'stores for nobody', answer: () => stored('', secret) },
    {
      what: 'shows a password',
      answer: () => ({ kind: 'stored', user: 'tim', secret: { ...secret, password: 'hunter2' } }),
    },
    { what: 'shows keys', answer: () => ({ kind: 'stored', user: 'tim', secret: { ...keys, storedKey: 'hunter2' } }) },
    {
      what: 'has keys that are too weak',
      answer: () => ({ kind: 'stored', user: 'tim', secret: { ...keys, iterations: 1 } }),
    },
    { what: 'has nothing', answer: () => ({ kind: 'stored', user: 'tim' }) },
    { what: 'has something else', answer: () => ({ kind: 'stored', user: 'tim', secret: { mechanism: 'PLAIN' } }) },
    { what: 'answers another question', answer: () => authenticated('tim') },
  ])('a plugin that $what keeps everybody out, and shows nothing', async ({ what, answer }) => {
    const { chain, log } = chainOf([
      link('broken', { secret: answer as never }),
      link('users', { secret: () => stored('tim', secret) }),
    ]);
    const { decision, steps } = await chain.secret(session, asked, {});
    expect(decision).toMatchObject({ kind: 'refused', by: 'broken', reply: { code: 451 } });
    expect(log.of('failed')).toHaveLength(1);
    if (what !== 'throws') expect(log.text() + JSON.stringify({ decision, steps })).not.toContain('hunter2');
  });

  test('one that fails and may be ignored is silent', async () => {
    const { chain } = chainOf([
      link('broken', { secret: () => Promise.reject(new Error('away')) }, { onError: 'ignore' }),
      link('users', { secret: () => stored('tim', secret) }),
    ]);
    expect((await chain.secret(session, asked, {})).decision).toMatchObject({ kind: 'known', by: 'users' });
  });
});

describe('vrfy and expn', () => {
  test('nobody knows: passed', async () => {
    expect((await chainOf([]).chain.vrfy(session, 'bob')).decision).toEqual({ kind: 'passed' });
  });

  test('the first answer counts', async () => {
    const { chain } = chainOf([
      link('aliases', {
        expn: ({ mailbox: asked }) => (asked === null ? undefined : { kind: 'addresses', mailboxes: [asked] }),
      }),
    ]);
    expect((await chain.expn(session, 'staff@example.test')).decision).toEqual({
      kind: 'found',
      mailboxes: [mailbox('staff@example.test')],
    });
  });
});
