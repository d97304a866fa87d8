/** Which differences between two configurations are told, of whom, and which are none. */
import { definePlugin, formatMailbox, reject, rewrite } from 'mailframe';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { RANDOM } from '../../../core/plugin/ports.ts';
import { makeKey } from '../../support/openpgp-signing.ts';
import { configuration, inShort, MAILBOXES, message, RELAY_POLICY, replayed, type Trial, USUAL } from './trial.ts';

const ONE = { 'one.eml': message('one') };
const NO_LOCAL = configuration(RELAY_POLICY.replace('example.test', 'other.test') + MAILBOXES);
const WITH_ALIASES = (file: string) =>
  configuration(
    `- { use: alias-expansion, options: { file: ${file}, domains: [example.test] } }\n${RELAY_POLICY}${MAILBOXES}`,
  );
const WITH_POLICY = (options: string) =>
  configuration(`${RELAY_POLICY}- { use: policy, options: ${options} }\n${MAILBOXES}`);
const WITH_RULES = (rules: string) =>
  configuration(`${RELAY_POLICY}- { use: mime-rewrite, options: { rules: [${rules}] } }\n${MAILBOXES}`);
const TO_HOSTS = (host: string) =>
  configuration(
    `${RELAY_POLICY}${MAILBOXES}- { use: smtp-relay, as: internet }`,
    `[{ deliver: internet, hosts: ["[${host}]:25"] }]`,
  );

const CASES: readonly (readonly [what: string, trial: Omit<Trial, 'messages'>, want: readonly string[]])[] = [
  [
    'mail that is refused now, and nothing that follows from that',
    { old: USUAL, new: NO_LOCAL },
    ['1 answer: accepted -> refused 550 5.7.1 Relay access denied by mailframe (no plugin claims this recipient)'],
  ],
  [
    'mail that is no longer refused, by whom it was until now',
    { old: NO_LOCAL, new: USUAL },
    [
      '1 answer: refused 550 5.7.1 Relay access denied -> accepted until now by mailframe (no plugin claims this recipient)',
    ],
  ],
  [
    'an alias that leads elsewhere, by the line where it stands',
    { old: WITH_ALIASES('./old'), new: WITH_ALIASES('./new'), files: { old: 'ann: bob\n', new: '\nann: bob, lee\n' } },
    ['1 recipients: bob@example.test -> bob@example.test, lee@example.test by alias-expansion (ann (new:2))'],
  ],
  [
    'mail that is held',
    { old: USUAL, new: WITH_POLICY('{ do: hold, reason: on trial }') },
    ['1 fate: taken -> held by policy (on trial)'],
  ],
  [
    'mail that is thrown away',
    { old: WITH_POLICY('{ do: hold, reason: on trial }'), new: WITH_POLICY('{ do: discard, reason: enough }') },
    ['1 fate: held -> discarded by policy (enough)'],
  ],
  [
    'content that is refused',
    { old: USUAL, new: WITH_POLICY('{ do: reject, text: Not today, reason: closed }') },
    ['1 answer: accepted -> refused 550 5.7.1 Not today by policy (closed)'],
  ],
  [
    'another transport',
    { old: USUAL, new: TO_HOSTS('192.0.2.9') },
    ['1 route: mailboxes -> internet by routes[0] (matches all mail)'],
  ],
  [
    'other hosts',
    { old: TO_HOSTS('192.0.2.9'), new: TO_HOSTS('192.0.2.8') },
    ['1 route: internet to 192.0.2.9:25 -> internet to 192.0.2.8:25 by routes[0] (matches all mail)'],
  ],
  [
    'another mailbox',
    { old: USUAL, new: USUAL.replace('./mail', './post') },
    ['1 delivery: in mail/… -> in post/… by mailboxes'],
  ],
  [
    'an edit more, an edit less, and what was found out',
    {
      old: WITH_RULES('{ name: tag, do: { subjectTag: "[ext] " } }'),
      new: WITH_RULES('{ name: foot, do: { footer: { text: From outside. } } }'),
    },
    [
      '1 content: tagged the subject with [ext] -> nothing until now by mime-rewrite',
      '1 content: nothing -> put a footer into the mail by mime-rewrite',
      '1 mime.rules: ["tag"] -> ["foot"] by mime-rewrite',
    ],
  ],
  [
    'the same edit with other octets',
    {
      old: WITH_RULES('{ name: foot, do: { footer: { text: From outside. } } }'),
      new: WITH_RULES('{ name: foot, do: { footer: { text: From abroad. } } }'),
    },
    ['1 content: the same edits -> other octets by mime-rewrite'],
  ],
  ['a configuration that says the same in other words', { old: USUAL, new: `# new\n${USUAL}` }, []],
  ['another name of the gateway, which stands in Received', { old: USUAL, new: USUAL.replace('mx.', 'mx2.') }, []],
];

test.each(CASES)('%s', async (_, trial, want) => {
  expect(inShort(await replayed({ ...trial, messages: ONE }))).toEqual(want);
});

test('messages that met the same decision are one group, whoever they are for', async () => {
  const to = (name: string) => message(name).replace('ann@', `${name}@`);
  const elsewhere = message('c').replace('ann@example.test', 'c@other.test');
  const away = definePlugin({
    name: 'away',
    create: () => ({
      rcpt: ({ recipient: { forwardPath } }) =>
        reject(550, '5.1.1', `No ${formatMailbox(forwardPath)} here`, `${formatMailbox(forwardPath)} has left`),
    }),
  });
  const report = await replayed({
    old: USUAL,
    new: configuration(`${RELAY_POLICY}- { use: away, when: { recipient: "@example.test" } }\n${MAILBOXES}`),
    plugins: [away],
    messages: { 'a.eml': to('a'), 'b.eml': to('b'), 'c.eml': elsewhere },
  });
  expect(report).toMatchObject({ replayed: 3, compared: 3, changed: 2, verdicts: { accepted: 0, refused: 3 } });
  expect(inShort(report)).toEqual(['2 answer: accepted -> refused 550 5.1.1 No … here by away (… has left)']);
  expect(report.groups.map(({ members }) => members)).toEqual([['a.eml', 'b.eml']]);
});

test('without another configuration, what became of all is told', async () => {
  const elsewhere = message('two').replace('example.test', 'other.test');
  const messages = { ...ONE, 'two.eml': elsewhere, 'no.eml': 'Subject: x\n\nFor nobody.\n' };
  const report = await replayed({ new: USUAL, messages });
  const want = { replayed: 2, compared: 0, changed: 0, envelopes: { header: 2, nowhere: 1 }, groups: [] };
  expect(report).toMatchObject(want);
  expect(report.outcomes.map(({ from, to }) => [from, to])).toEqual([
    [null, 'accepted, and given to mailboxes'],
    [null, 'refused 550 5.7.1 Relay access denied'],
  ]);
});

test('a message that breaks a plugin is deferred by it, and the others go on', async () => {
  const fragile = definePlugin({
    name: 'fragile',
    create: () => ({
      data: async ({ mail }) => {
        if ((await mail.content.bytes()).includes('boom')) throw new Error('it was too much');
      },
    }),
  });
  const report = await replayed({
    old: USUAL,
    new: configuration(`${RELAY_POLICY}- { use: fragile }\n${MAILBOXES}`),
    plugins: [fragile],
    messages: { 'a.eml': message('a'), 'b.eml': message('b', 'boom'), 'c.eml': message('c') },
  });
  expect(report.groups).toHaveLength(1);
  // Where in the plugin, too.
  expect(inShort(report)[0]).toMatch(
    /^1 answer: accepted -> deferred 451 4\.3\.0 .* by fragile \(fragile failed at data: it was too much \(.*outcomes\.test\.ts:\d+/,
  );
  expect(report.groups[0]?.members).toEqual(['b.eml']);
});

test('a plugin that remembers remembers the same on both sides', async () => {
  const strict = definePlugin({
    name: 'strict',
    create() {
      let seen = 0;
      return {
        async data({ mail }) {
          // Some take longer than others.
          for (let turns = mail.content.size % 7; turns > 0; turns -= 1) await Promise.resolve();
          seen += 1;
          if (seen % 3 === 0) return reject(550, '5.7.1', 'Every third is one too many');
        },
      };
    },
  });
  const counting = configuration(`${RELAY_POLICY}- { use: strict }\n${MAILBOXES}`);
  const names = Array.from({ length: 30 }, (_, index) => `${'x'.repeat(index % 11)}${index}`);
  const messages = Object.fromEntries(names.map(name => [`${name}.eml`, message(name)]));
  const report = await replayed({ old: counting, new: counting, plugins: [strict], messages });
  expect(report).toMatchObject({ replayed: 30, changed: 0, verdicts: { accepted: 20, refused: 10 } });
});

describe('what chance makes different is no change', () => {
  const parts =
    'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nHello.\n' +
    '--x\nContent-Type: application/octet-stream; name=a.exe\n\nMZ\n--x--\n';
  const messages = {
    'a.eml': message('a'),
    'b.eml': message('b', 'see https://other.test/'),
    'c.eml': `From: Ann <ann@example.test>\nTo: bob@example.test\nSubject: c\n${parts}`,
  };

  test('boundaries, signatures, session keys and the order of hosts', async () => {
    const made = new Date('2026-10-01T00:00:00Z');
    const ann = await makeKey([{ email: 'ann@example.test' }], { made, encrypts: true });
    const bob = await makeKey([{ email: 'bob@example.test' }], { made, encrypts: true });
    const signer = ann.publicKey.getFingerprint();
    const all = configuration(
      `${RELAY_POLICY}- use: mime-rewrite
  options:
    rules:
      - { do: { footer: { text: F., html: <p>F.</p> } } }
      - { match: { name: "*.exe" }, do: { replaceWith: { text: gone } } }
- { use: pgp-sign, options: { keys: ./private, signer: "${signer}" } }
- { use: pgp-encrypt, when: { recipient: bob@example.test }, options: { keyring: ./keys } }
- { use: mx-routing, options: { privateAddresses: allow } }
- { use: smtp-relay, as: internet }
${MAILBOXES}`,
      '[{ when: { recipient: bob@example.test }, deliver: mailboxes }, { deliver: internet }]',
    );
    const hosts = Array.from({ length: 6 }, (_, index) => `mail${index}.example.test`);
    const report = await replayed({
      old: all,
      new: all,
      messages,
      files: { 'private/ann.asc': ann.privateKey.armor(), 'keys/bob.asc': bob.publicKey.armor() },
      zones: {
        'example.test': { MX: hosts.map(name => [10, name] as const) },
        ...Object.fromEntries(hosts.map((name, index) => [name, { A: [`198.51.100.${index}`] }])),
      },
    });
    expect(report).toMatchObject({ replayed: 3, changed: 0, groups: [], verdicts: { accepted: 3 } });
  });

  test('what a plugin draws of its own kind changes nothing for those below it', async () => {
    const dice = (name: string, throws: number) =>
      definePlugin({
        name,
        needs: { random: RANDOM },
        create: ({ random }) => ({
          data: () => {
            for (let index = 0; index < throws; index += 1) random.below(6);
          },
        }),
      });
    const marked = definePlugin({
      name: 'marked',
      needs: { random: RANDOM },
      create: ({ random }) => ({
        data: async ({ mail }) => {
          const mark = `X-Mark: ${random.bytes(8).toString('hex')}\r\n`;
          return rewrite(contentOf(Buffer.concat([Buffer.from(mark), await mail.content.bytes()])));
        },
      }),
    });
    const plugins = [dice('never', 0), dice('often', 7), marked];
    const using = (name: string) => configuration(`${RELAY_POLICY}- { use: ${name} }\n- { use: marked }\n${MAILBOXES}`);
    expect(inShort(await replayed({ old: using('never'), new: using('often'), plugins, messages }))).toEqual([]);
  });
});
