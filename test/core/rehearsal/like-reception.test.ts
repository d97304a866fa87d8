/**
 * A rehearsal is worth what it has in common with the truth: the same message is rehearsed, and then sent to a gateway that
 * runs. Trace, replies and delivered octets must be the same, and the rehearsal must have changed nothing.
 */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { memoryStore, type Scope } from 'mailframe';
import { fakeResolver, recordingLog, type SmtpSink, smtpClient, smtpSink } from 'mailframe/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createEngine, type Engine } from '../../../core/engine.ts';
import { contentOf } from '../../../core/mail/content.ts';
import type { Trace } from '../../../core/mail/trace.ts';
import { LOG, RESOLVER } from '../../../core/plugin/ports.ts';
import type { Preview } from '../../../core/plugin/preview.ts';
import { QUEUE_STORE } from '../../../core/plugin/queue-store.ts';
import type { Incoming } from '../../../core/rehearsal/incoming.ts';
import { openStage } from '../../../core/rehearsal/open-stage.ts';
import type { Rehearsal } from '../../../core/rehearsal/rehearsal.ts';
import { makeKey } from '../../support/openpgp-signing.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { folderState } from './folder-state.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples', import.meta.url));

interface Case {
  readonly example: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly content: string;
  /** What the example needs beside its files. */
  readonly prepare?: (folder: string) => Promise<void>;
  readonly change?: (configuration: string) => string;
  readonly verdict: Rehearsal['verdict'];
}

const HEADER = 'From: eve@client.test\r\nDate: Thu, 26 Nov 2026 03:00:00 +0000\r\nMessage-ID: <1@client.test>\r\n';
const PLAIN = `${HEADER}Subject: hello\r\n\r\nFrom here\r\n.dotted\r\nfarewell\r\n`;
const WITH_PROGRAM = [
  `${HEADER}X-Internal-Trust: yes\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n`,
  '--b\r\n\r\nSee http://evil.test/ and run this.\r\n',
  '--b\r\nContent-Type: application/octet-stream; name=setup.exe\r\n\r\nMZ\r\n--b--\r\n',
].join('');

async function withKeys(folder: string): Promise<void> {
  const ann = await makeKey([{ email: 'ann@example.test' }], { made: new Date(Date.now() - 60_000), encrypts: true });
  await writeFile(join(folder, 'private/ann.asc'), ann.privateKey.armor());
  await writeFile(join(folder, 'keys/ann.asc'), ann.publicKey.armor());
}

const CASES: readonly Case[] = [
  {
    example: 'local-mailboxes',
    from: 'eve@client.test',
    to: ['staff@example.test'],
    content: PLAIN,
    verdict: 'accepted',
  },
  {
    example: 'local-mailboxes',
    from: 'eve@client.test',
    to: ['ann@example.test', 'eve@elsewhere.test', 'nobody at all'],
    content: PLAIN,
    verdict: 'refused',
  },
  {
    example: 'rewritten-mail',
    from: 'eve@client.test',
    to: ['ann@example.test'],
    content: WITH_PROGRAM,
    verdict: 'accepted',
  },
  {
    example: 'rewritten-mail',
    from: 'eve@client.test',
    to: ['ann@example.test'],
    content: WITH_PROGRAM.replace('name=setup.exe', 'name=a.bin\r\nContent-Disposition: attachment'),
    // Attachments are stored in a folder, and a link with their digest stands in their place.
    change: text => text.replace('over: 10 MiB', 'over: 1 B'),
    verdict: 'accepted',
  },
  {
    example: 'rewritten-mail',
    from: 'eve@client.test',
    to: ['ann@example.test'],
    content: `${HEADER}Content-Type: message/partial; id=1; number=1; total=2\r\n\r\nhalf of it\r\n`,
    verdict: 'refused',
  },
  {
    example: 'forwarding',
    from: 'eve@client.test',
    to: ['staff@example.test', 'webmaster@example.test'],
    content: PLAIN,
    prepare: folder => mkdir(join(folder, 'var')),
    verdict: 'accepted',
  },
  {
    example: 'signed-mail-only',
    from: 'eve@client.test',
    to: ['ann@example.test'],
    content: PLAIN,
    verdict: 'refused',
  },
  {
    example: 'sealed-mail',
    from: 'ann@example.test',
    to: ['dan@other.example'],
    content: PLAIN.replace('eve@client', 'ann@example'),
    prepare: withKeys,
    verdict: 'accepted',
  },
  {
    example: 'sealed-mail',
    from: 'eve@client.test',
    to: ['ann@example.test'],
    content: PLAIN,
    prepare: withKeys,
    verdict: 'accepted',
  },
  {
    example: 'mailbox-store',
    from: 'eve@client.test',
    to: ['bob@example.test', 'carl@example.test', 'zoe@example.test'],
    content: PLAIN,
    verdict: 'refused',
  },
  {
    example: 'smart-gateway',
    from: '',
    to: ['ann@example.test'],
    content: PLAIN.replace('farewell', 'Gr\u00fc\u00dfe'),
    verdict: 'accepted',
  },
  {
    example: 'local-mailboxes',
    from: 'eve@client.test',
    to: ['ann@example.test'],
    content: `${HEADER}\r\nbare\nline feed\r\n`,
    verdict: 'refused',
  },
  {
    example: 'local-mailboxes',
    from: 'eve@client.test',
    to: ['ann@example.test'],
    content: `${'Received: from a by b; Thu, 26 Nov 2026 03:00:00 +0000\r\n'.repeat(120)}${PLAIN}`,
    verdict: 'refused',
  },
];

test.each(CASES)('$example: a rehearsal to $to says what then happens', async one => {
  const next = await smtpSink({ protocol: one.example === 'mailbox-store' ? 'lmtp' : 'smtp' });
  onTestFinished(() => next.close());
  const folder = await copyOf(one, next);
  const before = await folderState(folder);
  const rehearsed = await rehearsal(one, folder);
  expect(await folderState(folder)).toEqual(before);
  expect(next.sessions).toBe(0);
  expect(rehearsed.verdict).toBe(one.verdict);

  const provide = (scope: Scope) =>
    void scope.value(RESOLVER, DNS).value(QUEUE_STORE, memoryStore()).value(LOG, recordingLog());
  const engine = await createEngine({ file: fileIn(folder), provide });
  onTestFinished(() => engine.close());
  await engine.start();
  const said = await sent(one, engine);
  expect(rehearsed.exchanges.flatMap(({ replies }) => replies.map(({ text }) => normal(text)))).toEqual(
    said.map(normal),
  );
  const queued = said.map(reply => /queued as (\w+)/.exec(reply)?.[1]).find(id => id !== undefined);
  if (queued === undefined) return expect(rehearsed.mails).toEqual([]);
  const traces = await tracesOf(engine, queued, rehearsed.mails.length);
  expect(rehearsed.mails.map(({ trace }) => steps(trace))).toEqual(traces.map(steps));
  await delivered(rehearsed, folder, next);
  for (const one of rehearsed.withheld) {
    if (one.kind === 'write') expect(await readFile(one.path)).toEqual(await one.content.bytes());
  }
});

const DNS = fakeResolver({});
const fileIn = (folder: string) => join(folder, 'mailframe.config.yaml');

async function copyOf({ example, prepare, change = text => text }: Case, next: SmtpSink): Promise<string> {
  const folder = join(await tempFolder(), example);
  await cp(join(EXAMPLES, example), folder, { recursive: true });
  const text = (await readFile(fileIn(folder), 'utf8'))
    .replaceAll('port: 2525', 'port: 0')
    .replaceAll(':2526', `:${next.port}`)
    .replace('socket: /run/dovecot/lmtp', `hosts: ["[127.0.0.1]:${next.port}"]`);
  await writeFile(fileIn(folder), change(text));
  await prepare?.(folder);
  return folder;
}

async function rehearsal({ from, to, content }: Case, folder: string): Promise<Rehearsal> {
  const stage = await openStage({ file: fileIn(folder), env: {}, resolver: DNS });
  expect(stage.unready).toEqual([]);
  const incoming: Incoming = {
    listener: null,
    address: '127.0.0.1',
    greeting: 'client.test',
    tls: 'as needed',
    certificate: null,
    user: null,
    from,
    to,
    content: contentOf(content),
  };
  try {
    return await stage.rehearse(incoming);
  } finally {
    await stage.close();
  }
}

/** @returns all replies, in the form of the wire without the last line end */
async function sent({ from, to, content }: Case, engine: Engine): Promise<readonly string[]> {
  const client = await smtpClient(engine.listeners[0]?.port ?? 0);
  onTestFinished(() => client.close());
  const size = Buffer.byteLength(content);
  const replies = [client.greeting, await client.say('EHLO client.test')];
  const body = /[^\u0000-\u007f]/.test(content) ? ' BODY=8BITMIME' : '';
  replies.push(await client.say(`MAIL FROM:<${from}> SIZE=${size}${body}`));
  let taken = 0;
  for (const one of to) {
    const reply = await client.say(`RCPT TO:<${one}>`);
    replies.push(reply);
    if (reply.code === 250) taken += 1;
  }
  if (taken > 0) {
    expect(await client.say('DATA')).toMatchObject({ code: 354 });
    client.write(`${content.replaceAll('\r\n.', '\r\n..')}.\r\n`);
    replies.push(await client.reply());
  }
  return replies.map(({ code, status, text }) => {
    const lines = text.split('\n');
    const mark = status === null ? '' : `${status} `;
    return lines.map((line, at) => `${code}${at === lines.length - 1 ? ' ' : '-'}${mark}${line}`).join('\n');
  });
}

async function tracesOf(engine: Engine, id: string, count: number): Promise<readonly Trace[]> {
  const ids = Array.from({ length: count }, (_, index) => (index === 0 ? id : `${id}.${index + 1}`));
  return until(() =>
    Promise.all(
      ids.map(async one => {
        const past = await engine.queue.past(one);
        if (past === null) throw new Error(`${one} is still in the queue`);
        return past.trace;
      }),
    ),
  );
}

/** What a machine that was not asked says, and all that is another one each time, is left out. */
function steps(trace: Trace): readonly unknown[] {
  return trace
    .map(({ at: _at, took: _took, detail, facts: { remote, ...facts }, ...step }) => {
      const isRelayed = remote !== undefined && step.hook === 'settle';
      return { ...step, facts, detail: isRelayed || step.hook === 'deliver' ? '…' : detail && normal(detail) };
    })
    .sort((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** Groups of one mail are delivered side by side: who is first is chance. */
function key(step: { readonly hook: string; readonly asked: string }): string {
  return /^(deliver|settle)$/.test(step.hook) ? `after ${step.hook} ${step.asked}` : 'before';
}

/** Ids, times, boundaries and what is signed are others each time. */
function normal(text: string): string {
  return text
    .replaceAll(/\b[0-9A-HJKMNP-TV-Z]{18}(?:\.\d+)?\b/g, 'ID')
    .replaceAll(/\w{3}, \d\d? \w{3} \d{4} [\d:]{8} [+-]\d{4}/g, 'DATE')
    .replaceAll(/^(From \S+) .*$/gm, '$1 DATE')
    .replaceAll(/(?:SRS\d=|\+SRS\d=)[\w+/]{4}/g, 'SRS=HASH')
    .replaceAll(/-----BEGIN PGP SIGNATURE-----[^]*?-----END PGP SIGNATURE-----/g, 'SIGNATURE')
    .replaceAll(/[0-9a-f]{32,}/g, 'CHANCE');
}

async function delivered(rehearsed: Rehearsal, folder: string, next: SmtpSink): Promise<void> {
  const previews = rehearsed.mails.flatMap(({ deliveries }) => deliveries.flatMap(one => one.previews));
  const files = new Map<string, string[]>();
  const relayed: string[] = [];
  for (const { act, content } of previews) {
    const octets = normal((await content.bytes()).toString('latin1'));
    if (act?.kind === 'append') files.set(act.file, [...(files.get(act.file) ?? []), octets]);
    if (act?.kind === 'create') files.set(act.folder, [octets]);
    if (act?.kind === 'transaction') relayed.push(`${act.commands.map(normal).join('\n')}\n\n${octets}`);
    // The example's command is cat: what it was given lies in a file.
    if (act?.kind === 'program') files.set(join(folder, 'var/staff.txt'), [octets]);
  }
  for (const [path, octets] of files) {
    const found = previews.some(one => isIn(one, path)) ? join(path, (await readdir(path))[0] ?? '') : path;
    expect(normal(await readFile(found, 'latin1'))).toBe(octets.join(''));
  }
  const got = next.mails.map(({ from, parameters, recipients, content }) =>
    normal(
      [
        `MAIL FROM:${from} ${parameters}`.trimEnd(),
        ...recipients.map(one => `RCPT TO:${one.path} ${one.parameters}`.trimEnd()),
        '',
        content.toString('latin1'),
      ].join('\n'),
    ),
  );
  expect(relayed.sort()).toEqual(got.sort());
}

function isIn({ act }: Preview, folder: string): boolean {
  return act?.kind === 'create' && act.folder === folder;
}
