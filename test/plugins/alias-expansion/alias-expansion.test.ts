/** The plugin as a whole: its options, its answers, its files while it runs, and black holes at delivery. */
import { describe, expect, test } from 'vitest';
import { deliveredTo, formatMailbox, report, TABLES } from '../../../core/index.ts';
import {
  aDelivery,
  aMailbox,
  aRecipient,
  byAddress,
  fakeTable,
  fakeTables,
  faultsIn,
  harness,
  provide,
} from '../../../core/testing.ts';
import aliasExpansion from '../../../plugins/alias-expansion/index.ts';

const OPTIONS = { file: './aliases', domains: ['example.test'] };

function mounted(aliases: string, options: object = {}, files: Readonly<Record<string, string>> = {}) {
  return harness(aliasExpansion, { ...OPTIONS, ...options }, { files: { ...files, aliases } });
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
    { target: 'a+b', want: { kind: 'defer', reply: { code: 451, status: '4.4.6' } }, more: '\na+b: c\nc: d\nd: e' },
  ])('$target', async ({ target, want, more = '' }) => {
    const { rcpt } = await mounted(`ann: ${target}${more}`, { limit: 3, depth: 2 });
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

describe('tables', () => {
  const options = (...tables: readonly object[]) => ({ domains: ['example.test'], tables });

  test('are asked in their order, alias files among them, and what they hold is written as there', async () => {
    const files = { aliases: 'ann: first@x.test\nbob: second@x.test', virtual: 'carl dora, :fail: x' };
    const tables = options(
      { map: { ann: 'nobody@x.test', 'dora@example.test': [String.raw`\dora`, 'eve'] } },
      { aliases: ['aliases'] },
      { file: 'virtual' },
    );
    const { rcpt } = await harness(aliasExpansion, tables, { files });
    const led = async (address: string) => {
      const answer = await rcpt(address);
      return answer?.kind === 'expand' ? answer.to.map(({ to, via }) => `${formatMailbox(to)}: ${via}`) : answer;
    };
    expect(await led('ann@example.test')).toEqual(['nobody@x.test: ann (map:ann)']);
    expect(await led('bob@example.test')).toEqual(['second@x.test: bob (aliases:2)']);
    expect(await led('carl@example.test')).toEqual([
      'dora@example.test: carl (virtual:1) -> dora@example.test (map:dora@example.test)',
      'eve@example.test: carl (virtual:1) -> dora@example.test (map:dora@example.test)',
    ]);
    expect(await led('frank@example.test')).toBeUndefined();
  });

  test('that cannot be asked cost 451 4.3.0, whatever others hold', async () => {
    const table = fakeTable({ 'ann@example.test': { unavailable: 'the server is down' } });
    const provided = { provide: [provide(TABLES, fakeTables(table))] };
    const { rcpt, vrfy, expn, close } = await harness(aliasExpansion, options({ map: {} }), provided);
    expect(await rcpt('ann@example.test')).toMatchObject({
      kind: 'defer',
      reply: { code: 451, status: '4.3.0' },
      because: expect.stringContaining('the server is down'),
    });
    expect(await vrfy('ann@example.test')).toBeUndefined();
    expect(await expn('ann@example.test')).toBeUndefined();
    await close();
    expect(table.isClosed).toBe(true);
  });

  test('that hold nonsense cost 451 4.3.0', async () => {
    const { rcpt } = await harness(aliasExpansion, options({ map: {} }), {
      provide: [provide(TABLES, fakeTables(fakeTable({ 'ann@example.test': 'a b', 'bob@example.test': '|sh' })))],
    });
    for (const address of ['ann@example.test', 'bob@example.test']) {
      expect(await rcpt(address)).toMatchObject({
        reply: { status: '4.3.0' },
        because: expect.stringContaining('makes no sense'),
      });
    }
  });

  test('that answer at once and hold nonsense do so too', async () => {
    const { rcpt, vrfy, files, clock } = await harness(aliasExpansion, options({ file: 'virtual' }), {
      files: { virtual: 'ann bob' },
    });
    await clock.advance(5000);
    files.put('virtual', 'ann b c');
    await clock.advance(5000);
    await rcpt('ann@example.test');
    expect(await rcpt('ann@example.test')).toMatchObject({ kind: 'defer', reply: { status: '4.3.0' } });
    expect(await vrfy('ann@example.test')).toBeUndefined();
  });

  test('in the configuration are checked at boot', async () => {
    expect(await faultsIn(aliasExpansion, options({ map: { ann: 'a b', bob: '|x', carl: 'd' } }))).toEqual([
      expect.stringMatching(/^options\.tables\.0\.map\.ann: "a b" has a blank in it/),
      expect.stringMatching(/^options\.tables\.0\.map\.bob: commands are run only/),
    ]);
    expect(await faultsIn(aliasExpansion, options({ aliases: './gone' }))).toEqual([
      expect.stringContaining('options.tables.0.aliases: cannot be read'),
    ]);
    expect(await faultsIn(aliasExpansion, options({ aliasses: './gone' }))).toContainEqual(
      expect.stringContaining('did you mean "aliases"'),
    );
  });
});

describe('lists', () => {
  const given = { aliases: 'staff: :include:./lists/all', 'lists/all': 'ann\nbob@x.test\n' };
  const reload = async (list: string) => {
    const plugin = await harness(aliasExpansion, OPTIONS, { files: given });
    await plugin.clock.advance(5000);
    await plugin.rcpt('staff@example.test');
    plugin.files.put('lists/all', list);
    await plugin.clock.advance(1000);
    const answer = await plugin.rcpt('staff@example.test');
    return { ...plugin, to: answer?.kind === 'expand' ? answer.to.map(({ to }) => formatMailbox(to)) : answer };
  };

  test('are read again when they change', async () => {
    expect((await reload('carl\n')).to).toEqual(['carl@example.test']);
  });

  test('command injection: a list that names a command changes nothing, and the log says why', async () => {
    const { to, log } = await reload('carl\n"|/bin/sh -c reboot"\n');
    expect(to).toEqual(['ann@example.test', 'bob@x.test']);
    expect(log.of('refused')).toMatchObject([
      { fields: { cause: expect.stringMatching(/^\.\/lists\/all:2:1: a list may name addresses alone/) } },
    ]);
  });

  test.each([
    {
      what: 'is not there',
      files: { aliases: given.aliases },
      want: /^options\.file: :include:\.\/lists\/all cannot be read/,
    },
    {
      what: 'names a file',
      files: { ...given, 'lists/all': 'ann\n/etc/passwd' },
      want: /^options\.file: \.\/lists\/all:2:1: a list may name/,
    },
  ])('one that $what is a complaint at boot', async ({ files, want }) => {
    expect(await faultsIn(aliasExpansion, OPTIONS, { files })).toEqual([expect.stringMatching(want)]);
  });

  test('one that is gone when it is first needed costs 451 4.3.0', async () => {
    const { rcpt, files } = await mounted('staff: :include:./lists/all', {}, { 'lists/all': 'ann' });
    await files.remove('lists/all');
    expect(await rcpt('staff@example.test')).toMatchObject({
      kind: 'defer',
      reply: { status: '4.3.0' },
      because: expect.stringContaining('ENOENT'),
    });
  });
});

describe('commands and files', () => {
  const ALLOWED = {
    commands: { transport: 'scripts' },
    paths: { transport: 'archives', below: ['/var/lists', 'boxes'] },
  };

  test('are recipients of the transports that the options name', async () => {
    const { rcpt, instance } = await mounted('staff: "|/bin/archive --all", /var/lists/all, ann', ALLOWED);
    const to = { localPart: 'staff', domain: 'example.test' };
    expect(await rcpt('staff@example.test')).toEqual({
      kind: 'expand',
      to: [
        {
          to,
          via: 'staff (aliases:1) -> "|/bin/archive --all"',
          target: { transport: 'scripts', argument: '/bin/archive --all' },
        },
        {
          to,
          via: 'staff (aliases:1) -> /var/lists/all',
          target: { transport: 'archives', argument: '/var/lists/all' },
        },
        { to: { localPart: 'ann', domain: 'example.test' }, via: 'staff (aliases:1)' },
      ],
    });
    expect(instance.leadsTo).toEqual([
      { transport: 'scripts', path: ['commands', 'transport'] },
      { transport: 'archives', path: ['paths', 'transport'] },
    ]);
  });

  test.each([
    '/etc/passwd',
    '/var/lists/../mail/root',
    '/var/lists/./../../etc/passwd',
    '/var/listsandmore/x',
    '/var/lists',
    '/var/lists/',
    '//var/lists//',
    '/VAR/lists/x',
    '"/var/lists/x\u0000/../../etc"',
  ])('directory traversal: %s does not boot', async path => {
    expect(await faults(`staff: ${path}`, { ...OPTIONS, ...ALLOWED })).toHaveLength(1);
  });

  test.each(['/var/lists/all', '/var//lists///a b/', '/config/boxes/x'])('%s does', async path => {
    const name = path.includes(' ') ? `"${path}"` : path;
    expect(await faults(`staff: ${name}`, { ...OPTIONS, ...ALLOWED })).toEqual([]);
  });
});

describe('VRFY and EXPN', () => {
  const aliases = 'staff: ann, bob@x.test\nown: |x, own\nrun: |x\ngone: :fail: Gone\nlater: :defer:\nhole: /dev/null';
  const ask = () => mounted(aliases, { commands: { transport: 'scripts' } });
  const answer = (...mailboxes: readonly string[]) => ({ kind: 'addresses', mailboxes: mailboxes.map(aMailbox) });

  test.each([
    { query: 'staff@example.test', vrfy: answer('staff@example.test'), expn: answer('ann@example.test', 'bob@x.test') },
    { query: 'staff', vrfy: answer('staff@example.test'), expn: answer('ann@example.test', 'bob@x.test') },
    { query: 'run', vrfy: answer('run@example.test'), expn: answer('run@example.test') },
    { query: 'own', vrfy: answer('own@example.test'), expn: answer('own@example.test') },
    { query: 'hole', vrfy: answer('hole@example.test'), expn: answer('hole@example.test') },
    { query: 'gone', vrfy: { kind: 'reject', reply: { status: '5.1.1', text: 'Gone' } }, expn: { kind: 'reject' } },
    { query: 'later', vrfy: undefined, expn: undefined },
    { query: 'ann', vrfy: undefined, expn: undefined },
    { query: 'no name', vrfy: undefined, expn: undefined },
  ])('of $query', async ({ query, vrfy, expn }) => {
    const plugin = await ask();
    for (const [got, want] of [
      [await plugin.vrfy(query), vrfy],
      [await plugin.expn(query), expn],
    ] as const) {
      if (want === undefined) expect(got).toBeUndefined();
      else expect(got).toMatchObject(want);
    }
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
