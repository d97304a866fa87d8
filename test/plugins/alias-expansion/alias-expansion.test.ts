/** The plugin as a whole: its options, its answers, its files while it runs, and black holes at delivery. */
import { describe, expect, test } from 'vitest';
import { deliveredTo, formatMailbox, report } from '../../../core/index.ts';
import { aDelivery, aRecipient, byAddress, faultsIn, harness } from '../../../core/testing.ts';
import aliasExpansion from '../../../plugins/alias-expansion/index.ts';

const OPTIONS = { file: './aliases', domains: ['example.test'] };

function mounted(aliases: string, options: object = {}) {
  return harness(aliasExpansion, { ...OPTIONS, ...options }, { files: { aliases } });
}

function faults(aliases: string, options: object = OPTIONS) {
  return faultsIn(aliasExpansion, options, { files: { aliases, more: 'ann: bob' } });
}

describe('answers', () => {
  test('an alias expands, and says by which line', async () => {
    const { rcpt } = await mounted('# ours\n\nstaff: ann, bob@elsewhere.test');
    expect(await rcpt('staff@example.test')).toEqual({
      kind: 'expand',
      to: [
        { to: { localPart: 'ann', domain: 'example.test' }, via: 'staff (aliases:3)' },
        { to: { localPart: 'bob', domain: 'elsewhere.test' }, via: 'staff (aliases:3)' },
      ],
    });
  });

  test('whoever is no alias is somebody else’s business', async () => {
    const { rcpt } = await mounted('staff: ann');
    expect(await rcpt('ann@example.test')).toBeUndefined();
    expect(await rcpt('staff@elsewhere.test')).toBeUndefined();
  });

  test.each([
    {
      target: ':fail: Ann left, write to bob',
      want: { kind: 'reject', reply: { code: 550, status: '5.1.1', text: 'Ann left, write to bob' } },
    },
    { target: ':fail:', want: { kind: 'reject', reply: { code: 550, status: '5.1.1', text: 'No such mailbox' } } },
    {
      target: ':defer: moving house',
      want: { kind: 'defer', reply: { code: 450, status: '4.2.1', text: 'moving house' } },
    },
    {
      target: ':defer:',
      want: { kind: 'defer', reply: { code: 450, status: '4.2.1', text: 'Mailbox unavailable, try again later' } },
    },
    { target: 'a, b, c, d', want: { kind: 'defer', reply: { code: 451, status: '4.5.3' } } },
  ])('$target', async ({ target, want }) => {
    const { rcpt } = await mounted(`ann: ${target}`, { limit: 3 });
    expect(await rcpt('ann@example.test')).toMatchObject(want);
  });

  test('a target that fails while others do not is left out, and logged', async () => {
    const { rcpt, log } = await mounted('staff: ann, bob\nbob: :fail: gone');
    expect(await rcpt('staff@example.test')).toMatchObject({ to: [{ to: { localPart: 'ann' } }] });
    expect(log.of('omitted')).toMatchObject([{ fields: { targets: ['staff (aliases:1) -> bob (aliases:2)'] } }]);
  });

  test('a delimiter makes extensions', async () => {
    const { rcpt } = await mounted('ann: bob', { recipientDelimiter: '+' });
    expect(await rcpt('ann+lists@example.test')).toMatchObject({ kind: 'expand' });
    expect(await (await mounted('ann: bob')).rcpt('ann+lists@example.test')).toBeUndefined();
  });

  test('several files are one table', async () => {
    const options = { files: ['aliases', './lists/all'], domains: ['example.test'] };
    const files = { aliases: 'all: staff', 'lists/all': 'staff: ann' };
    const { rcpt } = await harness(aliasExpansion, options, { files });
    expect(await rcpt('all@example.test')).toMatchObject({ to: [{ via: 'all (aliases:1) -> staff (lists/all:1)' }] });
  });
});

describe('what does not boot', () => {
  test.each([
    { what: 'a syntax error', aliases: 'a: b\nc: d e', want: ['options.file: aliases:2:4: "d e" has a blank in it'] },
    {
      what: 'several errors',
      aliases: 'a: |b\nc: /d',
      want: ['options.file: aliases:1:4: commands are run only', 'options.file: aliases:2:4: files are written only'],
    },
    {
      what: 'a loop',
      aliases: 'a: b\nb: a',
      want: ['options.file: this is a loop: a (aliases:1) -> b (aliases:2) -> a (aliases:1)'],
    },
    {
      what: 'a name twice',
      aliases: 'a: b\nA: c',
      want: ['options.file: aliases:2: there is an alias of this name already: a (aliases:1)'],
    },
    { what: 'no file', aliases: '', options: { file: './gone' }, want: ['options.file: cannot be read: '] },
    {
      what: 'a name for no domain',
      aliases: 'a: b',
      options: { file: 'aliases' },
      want: ['options.file: aliases:1: a is in no domain'],
    },
    { what: 'neither file nor files', aliases: '', options: {}, want: ['options: name the alias file'] },
    {
      what: 'both file and files',
      aliases: '',
      options: { file: 'aliases', files: ['more'] },
      want: ['options: name the alias file'],
    },
    {
      what: 'an unknown key',
      aliases: '',
      options: { ...OPTIONS, domain: 'x' },
      want: ['options.domain: unknown key; did you mean "domains"?'],
    },
    {
      what: 'a limit of nothing',
      aliases: '',
      options: { ...OPTIONS, limit: 0 },
      want: ['options.limit: must be at least 1'],
    },
    {
      what: 'a letter as delimiter',
      aliases: '',
      options: { ...OPTIONS, recipientDelimiter: 'x' },
      want: ['options.recipientDelimiter: '],
    },
  ])('$what', async ({ aliases, options, want }) => {
    const found = await faults(aliases, options);
    expect(found).toHaveLength(want.length);
    for (const [index, start] of want.entries()) expect(found[index]).toContain(start);
  });

  test('an empty file is a table', async () => {
    expect(await faults('# nobody yet\n')).toEqual([]);
  });
});

describe('while it runs', () => {
  test('a changed file takes effect', async () => {
    const { rcpt, files, clock } = await mounted('staff: ann');
    await clock.advance(5000);
    files.put('aliases', 'staff: bob');
    await clock.advance(1000);
    expect(await rcpt('staff@example.test')).toMatchObject({ to: [{ to: { localPart: 'bob' } }] });
  });

  test('a changed file with a loop does not, and the loop is in the log', async () => {
    const { rcpt, files, clock, log } = await mounted('staff: ann');
    await clock.advance(5000);
    files.put('aliases', 'staff: bob\nbob: staff');
    await clock.advance(1000);
    expect(await rcpt('staff@example.test')).toMatchObject({ to: [{ to: { localPart: 'ann' } }] });
    expect(log.of('refused')).toMatchObject([
      {
        level: 'error',
        fields: { cause: 'this is a loop: staff (aliases:1) -> bob (aliases:2) -> staff (aliases:1)' },
      },
    ]);
  });
});

describe('a black hole', () => {
  async function delivered(recipients: readonly string[]) {
    const { rcpt, instance, log } = await mounted('nobody: /dev/null');
    const to = [];
    for (const address of recipients) {
      const answer = await rcpt(address);
      const expansions = answer?.kind === 'expand' ? answer.to : [{ to: aRecipient(address).forwardPath, via: null }];
      for (const { to: forwardPath, via } of expansions) {
        to.push(aRecipient(formatMailbox(forwardPath), via === null ? {} : { via: [via] }));
      }
    }
    const subject = aDelivery({ to });
    const context = { signal: AbortSignal.timeout(1000), log, facts: {} };
    const shown: string[][] = [];
    const answer = await instance.around?.(
      { hook: 'deliver', plugin: 'mailboxes', subject, context },
      async changed => {
        const { recipients } = changed ?? subject;
        shown.push(recipients.map(one => formatMailbox(one.forwardPath)));
        return report(recipients.map(one => [one, deliveredTo('the mailbox')]));
      },
    );
    return { shown, outcomes: answer?.kind === 'report' ? byAddress(answer.outcomes) : {} };
  }

  test('keeps its address and says so in via', async () => {
    const { rcpt } = await mounted('nobody: /dev/null');
    expect(await rcpt('nobody@example.test')).toEqual({
      kind: 'expand',
      to: [{ to: { localPart: 'nobody', domain: 'example.test' }, via: 'nobody (aliases:1) -> :blackhole:' }],
    });
  });

  test('swallows its mail before any transport sees it', async () => {
    const { shown, outcomes } = await delivered(['nobody@example.test']);
    expect(shown).toEqual([]);
    expect(outcomes).toEqual({
      'nobody@example.test': deliveredTo('thrown away: nobody (aliases:1) -> :blackhole:'),
    });
  });

  test('leaves the other recipients of the mail alone', async () => {
    const { shown, outcomes } = await delivered(['ann@example.test', 'nobody@example.test', 'bob@example.test']);
    expect(shown).toEqual([['ann@example.test', 'bob@example.test']]);
    expect(outcomes).toMatchObject({
      'ann@example.test': { text: 'the mailbox' },
      'nobody@example.test': { text: 'thrown away: nobody (aliases:1) -> :blackhole:' },
      'bob@example.test': { text: 'the mailbox' },
    });
  });

  test('does not touch deliveries without one', async () => {
    const { shown } = await delivered(['ann@example.test']);
    expect(shown).toEqual([['ann@example.test']]);
  });
});
