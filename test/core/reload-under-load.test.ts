/**
 * Fifty reloads while mail comes in: no client is refused, no transaction fails, every mail arrives once, each mail was
 * decided by one generation alone, and nothing is left of those that are gone.
 */
import { readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { definePlugin, deliveredTo, type Plugin, reportAll } from '../../core/index.ts';
import { type SmtpClient, smtpClient } from '../../core/testing/smtp-client.ts';
import { until } from '../support/until.ts';
import { claim, runningEngine, type Written } from './running-engine.ts';

const RELOADS = 50;

/** Each generation has other names for its plugins, so that a trace tells which it was. */
function generation(number: number): Written {
  const extra = number % 2 === 0 ? '' : ', { id: extra, port: 0 }';
  return {
    hostname: `mx${number}.example.test`,
    listeners: `[{ id: in, port: 0, maxSize: ${number + 1} MiB }${extra}]`,
    queue: `{ directory: ./queue, concurrency: ${50 + number} }`,
    plugins: ['{ use: stamp, as: stamp%, }', '{ use: claim, as: claim% }', '{ use: box, as: box% }'].map(line =>
      line.replace('%', String(number)).replace(', }', ' }'),
    ),
    routes: `[{ deliver: box${number} }]`,
  };
}

/** What was accepted and delivered, by its subject. */
interface Book {
  /** The generations in the trace of each mail. */
  readonly accepted: Map<string, ReadonlySet<string>>;
  readonly delivered: string[];
}

function bookkeepers({ accepted, delivered }: Book): readonly Plugin[] {
  const subject = (octets: Buffer) => /^Subject: (.*)\r$/m.exec(octets.toString())?.[1] ?? '';
  const stamp = definePlugin({
    name: 'stamp',
    create: () => ({
      connect: () => undefined,
      helo: () => undefined,
      mail: () => new Promise(resolve => setImmediate(resolve)),
      data: () => undefined,
      observe: {
        async accepted({ mail, trace }) {
          const generations = new Set(trace.map(({ plugin }) => /\d+$/.exec(plugin)?.[0] ?? ''));
          accepted.set(subject(await mail.content.bytes()), generations);
        },
      },
    }),
  });
  const box = definePlugin({
    name: 'box',
    delivers: 'here',
    create: () => ({
      async deliver({ mail, recipients }) {
        delivered.push(subject(await mail.content.bytes()));
        return reportAll(recipients, deliveredTo('the box'));
      },
    }),
  });
  return [stamp, claim, box];
}

/** One client: keeps its session as long as the gateway lets it, or takes a new one for each mail. */
class Sender {
  readonly sent: string[] = [];
  readonly failures: string[] = [];
  /** 421 before a transaction has begun: it comes again, as every mail server does. */
  asked = 0;
  readonly #port: number;
  readonly #name: string;
  readonly #keeps: boolean;
  #client: SmtpClient | null = null;

  constructor(port: number, name: string, keeps: boolean) {
    this.#port = port;
    this.#name = name;
    this.#keeps = keeps;
  }

  async run(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      try {
        await this.#send();
      } catch (error) {
        this.failures.push(String(error));
        this.#client = null;
      }
    }
    await this.#client?.close();
  }

  async #send(): Promise<void> {
    this.#client ??= await this.#connected();
    const client = this.#client;
    const begun = await client.say('MAIL FROM:<ann@client.test>').catch((error: Error) => error);
    if (begun instanceof Error ? begun.message.includes('421') : begun.code === 421) {
      this.asked += 1;
      await client.close();
      this.#client = null;
      return;
    }
    if (begun instanceof Error) throw begun;
    // The generation that greeted it.
    const greeted = /mx(\d+)\./.exec(client.greeting.lines.join())?.[1] ?? 'nobody';
    const subject = `${this.#name}-${this.sent.length}-${greeted}`;
    const replies = [
      begun,
      await client.say('RCPT TO:<bob@example.test>'),
      await client.data(`Subject: ${subject}\n\nhello\n`),
    ];
    const wrong = replies.find(({ code }) => code !== 250);
    if (wrong !== undefined) throw new Error(wrong.lines.join());
    this.sent.push(subject);
    if (this.#keeps) return;
    await client.say('QUIT');
    await client.close();
    this.#client = null;
  }

  async #connected(): Promise<SmtpClient> {
    const client = await smtpClient(this.#port);
    if (client.greeting.code !== 220) throw new Error(client.greeting.lines.join());
    await client.say('EHLO client.test');
    return client;
  }
}

test('zero failed transactions over fifty reloads', async () => {
  const book: Book = { accepted: new Map(), delivered: [] };
  const { engine, portOf, reload, log } = await runningEngine(generation(1), { plugins: bookkeepers(book) });
  const senders = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, index) => new Sender(portOf('in'), name, index % 2 === 0));
  let reloading = true;
  const sending = senders.map(sender => sender.run(() => reloading));
  for (let number = 2; number <= RELOADS + 1; number += 1) {
    expect(await reload(generation(number))).toMatchObject({ kind: 'reloaded', generation: number });
    const { size } = book.accepted;
    while (book.accepted.size < size + senders.length) await nextTurn();
  }
  reloading = false;
  await Promise.all(sending);
  expect(senders.flatMap(({ failures }) => failures)).toEqual([]);
  const sent = senders.flatMap(one => one.sent);
  expect(sent.length).toBeGreaterThan(RELOADS);
  await until(() => expect([...book.delivered].sort()).toEqual([...sent].sort()));
  // Whoever greets a session decides all of it: settings and plugins are of one generation.
  const met = sent.map(subject => ({
    greeted: subject.split('-').slice(-1),
    by: [...(book.accepted.get(subject) ?? [])],
  }));
  expect(met.filter(({ greeted, by }) => by.join() !== greeted.join())).toEqual([]);
  expect(new Set(met.flatMap(({ by }) => by)).size).toBeGreaterThan(RELOADS / 2);
  expect(log.of('deferred')).toEqual([]);
  expect(log.of('failed')).toEqual([]);
  await until(() => expect(engine.state).toMatchObject({ generation: RELOADS + 1, former: { generations: 0 } }));
}, 60_000);

/** What this process keeps open: handles of the kinds that a generation could leave behind, and files. */
function resources() {
  const kept = new Set(['MessagePort', 'Worker', 'TCPServerWrap', 'TCPSocketWrap', 'PipeWrap', 'Timeout']);
  return {
    handles: process.getActiveResourcesInfo().filter(kind => kept.has(kind)).length,
    files: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
  };
}

test('nothing is left of fifty generations of the plugins that come with mailframe', async () => {
  const shipped = (number: number): Written => ({
    plugins: [
      '{ use: users, options: { file: ./users } }',
      '{ use: alias-expansion, options: { file: ./aliases, domains: [example.test] } }',
      `{ use: relay-policy, options: { localDomains: [example.test, x${number}.test] } }`,
      '{ use: pgp-verify, options: { keyring: ./keys } }',
      '{ use: mime-rewrite, options: { rules: [{ do: [{ subjectTag: "[x]" }] }] } }',
      '{ use: mx-routing }',
      `{ use: mbox-delivery, as: mailboxes, options: { directory: ./mail, delimiters: "${number % 2 === 0 ? '+' : '-'}" } }`,
      '{ use: maildir-delivery, as: folders, options: { directory: ./maildir } }',
      '{ use: smtp-relay, as: internet }',
    ],
    routes:
      '[{ when: { recipient: "bob@example.test" }, deliver: mailboxes }, { when: { recipient: "@example.test" }, deliver: folders }, { deliver: internet }]',
  });
  const { engine, folder, reload, client, log } = await runningEngine();
  await writeFile(join(folder, 'users'), '');
  await writeFile(join(folder, 'aliases'), 'staff: ann, bob\n');
  await mkdir(join(folder, 'keys'));
  expect(await reload(shipped(0))).toMatchObject({ kind: 'reloaded' });
  const send = async (count: number) => {
    const one = await client();
    for (let at = 0; at < count; at += 1) {
      await one.say('MAIL FROM:<ann@client.test>');
      await one.say('RCPT TO:<staff@example.test>');
      expect(await one.data('Subject: hello\n\nbody\n')).toMatchObject({ code: 250 });
    }
    await one.close();
  };
  await send(1);
  await until(() => expect(engine.state.former.generations).toBe(0));
  const before = resources();
  for (let number = 1; number <= RELOADS; number += 1) {
    expect(await reload(shipped(number))).toMatchObject({ kind: 'reloaded' });
    await send(1);
  }
  await until(() => expect(engine.state.former.generations).toBe(0));
  await until(() => {
    const after = resources();
    // A session that is about to end, a timer that is about to be gone.
    expect(after.handles).toBeLessThan(before.handles + 5);
    expect(after.files).toBeLessThan(before.files + 5);
  });
  await until(async () => {
    const mbox = await readFile(join(folder, 'mail/bob'), 'utf8');
    expect(mbox.match(/^Subject: /gm)?.length).toBe(RELOADS + 1);
  });
  expect(log.of('failed')).toEqual([]);
}, 60_000);
