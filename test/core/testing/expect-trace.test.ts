import { expectTrace, TraceError, testGateway } from 'mailframe/testing';
import { describe, expect, onTestFinished, test } from 'vitest';

const step = (hook: string, plugin: string, answer: string, detail: string | null = null) => ({
  at: 0,
  hook,
  plugin,
  mode: 'enforce' as const,
  asked: `${hook} ann@example.test`,
  answer,
  detail,
  took: 0.1,
  changes: [],
  facts: {},
});

const TRACE = [
  step('mail', 'policy', 'silent'),
  step('rcpt', 'aliases', 'expand', 'staff -> ann'),
  step('data', 'rewrite', 'skipped'),
  step('deliver', 'mailboxes', 'report'),
  step('settle', 'mailframe', 'delivered', 'into \u001b[31m/ann'),
];

const failed = (check: () => void) => {
  try {
    check();
  } catch (error) {
    expect(error).toBeInstanceOf(TraceError);
    return (error as Error).message;
  }
  return 'as expected';
};

describe('expectTrace', () => {
  test('is content where the steps stand in their order, exactly, or anywhere', () => {
    expectTrace(TRACE, ['mail policy silent', 'deliver mailboxes report'], { never: ['data rewrite', 'auth users'] });
    expectTrace(TRACE, [
      { plugin: 'aliases', detail: /ann$/ },
      { hook: 'settle', answer: 'delivered' },
    ]);
    expectTrace(TRACE, ['deliver mailboxes report', 'mail policy silent'], { match: 'any-order' });
    expectTrace(TRACE.slice(0, 2), ['mail policy silent', 'rcpt aliases expand'], { match: 'exactly' });
    expectTrace([], [], { match: 'exactly' });
  });

  test('shows the whole trace with what was found and what was not', () => {
    expect(failed(() => expectTrace(TRACE, ['rcpt aliases expand', 'data rewrite rewrite']))).toBe(
      [
        'the trace is not as expected: "data rewrite rewrite" is missing after step 2',
        '      1  mail policy silent                   mail ann@example.test',
        '  =   2  rcpt aliases expand                  rcpt ann@example.test: staff -> ann',
        '      3  data rewrite skipped                 data ann@example.test',
        '      4  deliver mailboxes report             deliver ann@example.test',
        '      5  settle mailframe delivered           settle ann@example.test: into \\u001b[31m/ann',
      ].join('\n'),
    );
  });

  test.each([
    [
      'the order',
      () => expectTrace(TRACE, ['deliver mailboxes report', 'mail policy silent']),
      'is missing after step 4',
    ],
    [
      'one too many',
      () => expectTrace(TRACE, ['mail policy silent'], { match: 'exactly' }),
      'step 2, "rcpt aliases expand", is one too many',
    ],
    [
      'twice',
      () => expectTrace(TRACE, ['mail policy silent', 'mail policy silent'], { match: 'any-order' }),
      'is missing',
    ],
    ['never', () => expectTrace(TRACE, [], { never: ['deliver mailboxes'] }), '!   4  deliver mailboxes'],
    [
      'never, by plugin',
      () => expectTrace(TRACE, [], { never: [{ plugin: 'policy' }] }),
      '"mail policy silent" was asked',
    ],
    ['a detail', () => expectTrace(TRACE, [{ hook: 'rcpt', detail: /bob/ }]), '"rcpt * *" (detail: /bob/) is missing'],
    ['nothing', () => expectTrace([], ['mail policy silent']), '(nobody was asked anything)'],
  ])('fails over %s', (_, check, why) => {
    expect(failed(check)).toContain(why);
  });

  test('reads the trace of a gateway', async () => {
    const gateway = await testGateway({
      config: {
        plugins: [
          { use: 'relay-policy', options: { localDomains: ['example.test'] } },
          { use: 'mbox-delivery', options: { directory: './mail' } },
        ],
        routes: [{ deliver: 'mbox-delivery' }],
      },
    });
    onTestFinished(() => gateway.close());
    const { id } = await gateway.send();
    await gateway.settled();
    expectTrace(
      await gateway.trace(id ?? ''),
      ['rcpt relay-policy accept', 'deliver mbox-delivery report', 'settle mailframe delivered'],
      { match: 'exactly' },
    );
  });

  test('does not compile with a hook or an answer that there is not', () => {
    // @ts-expect-error: no such hook.
    expect(failed(() => expectTrace(TRACE, ['recipient aliases expand']))).toContain('is missing');
    // @ts-expect-error: no answer of this hook.
    expect(failed(() => expectTrace(TRACE, ['rcpt aliases hold']))).toContain('is missing');
    // @ts-expect-error: no answer at all.
    expect(failed(() => expectTrace(TRACE, [{ answer: 'maybe' }]))).toContain('is missing');
  });
});
