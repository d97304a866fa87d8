import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contentOf, definePlugin, rewrite } from 'mailframe';
import { describe, expect, test, vi } from 'vitest';
import type { Account } from '../../../core/cli/account/account.ts';
import { accountInWords } from '../../../core/cli/account/in-words.ts';
import { accountOf } from '../../../core/cli/account/of-rehearsal.ts';
import { writeOutput } from '../../../core/cli/account/output.ts';
import { asSent, namedInHeader } from '../../../core/cli/explain/message-file.ts';
import { main } from '../../../core/cli/main.ts';
import { lengthOf } from '../../../core/cli/paper.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { staged } from '../rehearsal/staging.ts';

const CONFIGURATION = `hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
queue: { directory: ./queue }
plugins:
  - { use: alias-expansion, options: { file: ./aliases, domains: [example.test] } }
  - { use: relay-policy, options: { localDomains: [example.test], relayFor: [127.0.0.0/8] } }
  - use: mx-routing
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
  - { use: smtp-relay, as: internet }
routes:
  - { when: { recipient: "@example.test" }, deliver: mailboxes }
  - { deliver: internet }
`;
const ZONE = `$ORIGIN far.example.
@ MX 10 mx
mx A 198.18.0.25
$FAULT timeout slow.example.
`;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with a gateway and a message, and the verb in it. */
async function gateway() {
  const folder = await tempFolder();
  await writeFile(join(folder, 'mailframe.config.yaml'), CONFIGURATION);
  await writeFile(join(folder, 'aliases'), 'staff: ann, bob\n');
  await writeFile(join(folder, 'zone'), ZONE);
  await writeFile(
    join(folder, 'mail.eml'),
    'From: eve@far.example\nTo: ann@example.test, Staff <staff@example.test>\n\nhello\n',
  );
  const explain = (...args: readonly string[]) =>
    run(
      'explain',
      join(folder, 'mail.eml'),
      '-c',
      join(folder, 'mailframe.config.yaml'),
      '--dns',
      join(folder, 'zone'),
      ...args,
    );
  return { folder, explain };
}

async function run(...args: readonly string[]): Promise<Ran> {
  let [out, err] = ['', ''];
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(text => ((out += String(text)), true));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(text => ((err += String(text)), true));
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await main(['node', 'mailframe', ...args]);
    return { code: process.exitCode, out, err };
  } finally {
    process.exitCode = before;
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

describe('the exit code tells apart', () => {
  test('accepted, deferred, refused, and no answer', async () => {
    const { explain } = await gateway();
    const codeOf = async (...args: readonly string[]) => (await explain(...args)).code;
    expect(await codeOf('--to', 'staff@example.test')).toBe(0);
    expect(await codeOf('--to', 'bob@slow.example', '--ip', '127.0.0.1')).toBe(10);
    expect(await codeOf('--to', 'bob@far.example')).toBe(20);
    expect(await codeOf('--to', 'bob@nowhere.example', '--ip', '127.0.0.1')).toBe(20);
    expect(await codeOf('--to', 'ann@example.test', '--listener', 'inbond')).toBe(1);
  });

  test('the worst of several recipients', async () => {
    const { explain } = await gateway();
    const { code, out } = await explain('--to', 'ann@example.test', 'bob@slow.example', '--ip', '127.0.0.1', '--json');
    const { verdict, recipients } = JSON.parse(out) as Account;
    expect([code, verdict, recipients.map(one => one.verdict)]).toEqual([10, 'deferred', ['accepted', 'deferred']]);
  });
});

describe('sender and recipients', () => {
  test('the sender is that of the message where none is named, and that is said', async () => {
    const { explain } = await gateway();
    const { out } = await explain('--to', 'ann@example.test');
    expect(out).toContain('> MAIL FROM:<eve@far.example> ');
    expect(out).toContain('note: its sender is eve@far.example, as From has it');
    expect((await explain('--from', '<>', '--to', 'ann@example.test')).out).toContain('> MAIL FROM:<> ');
  });

  test('recipients are taken from the header only if that is asked for', async () => {
    const { explain } = await gateway();
    expect(await explain()).toMatchObject({ code: 1, err: expect.stringContaining('say for whom it is') });
    const { recipients } = JSON.parse((await explain('--to-header', '--json')).out) as Account;
    expect(recipients.map(({ address }) => address)).toEqual(['ann@example.test', 'staff@example.test']);
  });

  test('Return-Path goes before From, and may be null', async () => {
    const named = (header: string) => namedInHeader(contentOf(`${header}\r\n\r\n`));
    expect((await named('Return-Path: <>\r\nFrom: a@b.test')).sender).toEqual({ address: '', field: 'Return-Path' });
    expect((await named('Return-Path: <x@y.test>\r\nFrom: a@b.test')).sender?.address).toBe('x@y.test');
    expect((await named('Subject: nobody')).sender).toBeNull();
  });
});

describe('the file', () => {
  test('with lines that end with LF is sent with CRLF, and one with both kinds as it is', async () => {
    const sent = (text: string) => asSent(Buffer.from(text)).content.bytes();
    expect((await sent('a: b\n\nc\n')).toString()).toBe('a: b\r\n\r\nc\r\n');
    expect((await sent('a: b\r\n\nc\r\n')).toString()).toBe('a: b\r\n\nc\r\n');
    expect((await sent('From x Thu\na: b\n\nlast')).toString()).toBe('a: b\r\n\r\nlast\r\n');
    expect(asSent(Buffer.from('From x Thu\na: b\n\nlast')).notes).toHaveLength(3);
    expect(asSent(Buffer.from('a: b\r\n\r\nc\r\n')).notes).toEqual([]);
  });

  test('that is not there, is empty, or a zone file that is wrong: one sentence each', async () => {
    const { folder, explain } = await gateway();
    await writeFile(join(folder, 'zone'), '@ MX\n');
    expect(await explain('--to', 'a@b.test')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/zone:1:\d+: .*\n.*MF_ZONE_FILE/s),
    });
    await writeFile(join(folder, 'mail.eml'), '');
    expect(await explain('--to', 'a@b.test')).toMatchObject({ code: 1, err: expect.stringContaining('is empty') });
    expect(await run('explain', join(folder, 'none.eml'), '--to', 'a@b.test')).toMatchObject({
      code: 1,
      err: expect.stringContaining('MF_MESSAGE'),
    });
  });
});

describe('--output', () => {
  test('writes what would be queued and delivered, octet by octet, and overwrites nothing', async () => {
    const { folder, explain } = await gateway();
    const output = join(folder, 'out');
    const { out, code } = await explain('--to', 'staff@example.test', '--output', output, '--json');
    expect(code).toBe(0);
    const account = JSON.parse(out) as Account;
    expect(await readdir(output)).toEqual([
      '1-mailboxes-1-ann@example.test',
      '1-mailboxes-2-bob@example.test',
      '1-queued.eml',
    ]);
    const [ann] = account.recipients[0]?.leadsTo ?? [];
    const octets = await readFile(ann?.acts[0]?.file ?? '', 'utf8');
    expect(octets).toMatch(
      /^From eve@far\.example .*\nReturn-Path: <eve@far\.example>\nDelivered-To: ann@example\.test\n/,
    );
    expect(octets).toMatch(/\n\nhello\n\n$/);
    expect(octets).toHaveLength(ann?.acts[0]?.size ?? 0);
    expect(await explain('--to', 'ann@example.test', '--output', output)).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not empty'),
    });
  });

  test('names of recipients choose no path', async () => {
    const { rehearse, folder } = await staged();
    const output = join(folder, 'out');
    await mkdir(output);
    await writeOutput(await rehearse({ to: ['"../../evil"@example.test', '"/etc/x"@example.test'] }), output);
    expect(await readdir(output)).toHaveLength(3);
    expect(await readdir(folder)).not.toContain('evil');
  });
});

describe('on paper', () => {
  const rewriter = definePlugin({
    name: 'rewriter',
    create: () => ({
      data: () =>
        rewrite(contentOf('Subject: [ext] hello\r\n\r\nbody\r\nfooter \u001b[2J\r\n'), [
          { what: 'put a footer below', breaks: [] },
        ]),
    }),
  });

  async function words(settings: { readonly width: number; readonly colour: boolean }) {
    const { rehearse } = await staged(['use: rewriter'], { plugins: [rewriter] });
    return accountInWords(
      accountOf(await rehearse({ to: ['ann@example.test', 'bob@far.test'] })),
      'mail.eml',
      settings,
    );
  }

  test('is what was said, who was asked, what changed, and where it leads', async () => {
    const text = (await words({ width: Number.POSITIVE_INFINITY, colour: false }))
      .replaceAll(/\b0[0-9A-Z]{17}\b/g, 'ID')
      .replaceAll(/; \w{3}, .*/g, '; DATE')
      .replaceAll(/ +\[\d[\d.]*\u00a0ms\]/g, '')
      .replaceAll(/\/\S*\/mail\/ann/g, 'mail/ann');
    expect(text).toMatchInlineSnapshot(`
      "mail.eml: refused
      192.0.2.1, without a name, EHLO client.test, no TLS, through inbound

      What is said, and who is asked
      > connects from 192.0.2.1
      < 220 mx.example.test ESMTP
      > EHLO client.test
      < 250 mx.example.test, PIPELINING, SIZE 26214400, 8BITMIME, SMTPUTF8, ENHANCEDSTATUSCODES, DSN, CHUNKING, LIMITS MAILMAX=1000 RCPTMAX=1000, MT-PRIORITY
      > MAIL FROM:<eve@client.test> SIZE=47
      < 250 2.1.0 Ok
      > RCPT TO:<ann@example.test>
          relay-policy  accept
      < 250 2.1.5 Ok
      > RCPT TO:<bob@far.test>
          relay-policy  silent
          mailframe     reject     550 5.7.1 Relay access denied (no plugin claims this recipient)
      < 550 5.7.1 Relay access denied
      > DATA, 354, 47 octets
          mailframe  changes the mail
              + Received: from client.test ([192.0.2.1]) by mx.example.test with ESMTP id ID for <ann@example.test>; DATE
          rewriter      rewrite
              put a footer below
              - Subject: hello
              + Subject: [ext] hello
              - Received: from client.test ([192.0.2.1]) by mx.example.test with ESMTP id ID for <ann@example.test>; DATE
              - From: eve@client.test
              ~ body: text/plain, 19 B, before: 6 B
                + footer \\u001b[2J
      < 250 2.0.0 Ok: queued as ID

      Would be queued as ID: 43 B from <eve@client.test>

      Recipients
        ann@example.test  accepted
        └─ ann@example.test
             routes[0]: matches all mail
             mailboxes would append 195 B to mail/ann
        bob@far.test  refused: 550 5.7.1 Relay access denied

      The first attempt of ID
        deliver  mailboxes     report     ann@example.test delivered
        settle   attempt 1     delivered  ann@example.test: mbox ann

      None of this was done: nothing was queued, delivered, or written by a plugin.
      "
    `);
  });

  test('threat: text that a terminal obeys is shown and not obeyed', async () => {
    const text = await words({ width: 80, colour: false });
    expect(text).not.toContain('\u001b');
    expect(text).toContain('footer \\u001b[2J');
  });

  test.each([40, 60, 80])('keeps to a terminal of %d columns', async width => {
    const lines = (await words({ width, colour: false })).split('\n');
    expect(lines.filter(line => lengthOf(line) > width)).toEqual([]);
  });

  test('has colour only where it is wanted', async () => {
    expect(await words({ width: 80, colour: true })).toContain('\u001b[31mrefused\u001b[0m');
  });
});
