/** `mailframe show`: a message as a person reads it, out of a file, a mailbox or the queue. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Content } from '../mail/content.ts';
import { NO_FACTS } from '../mail/facts.ts';
import { systemRandom } from '../system/random.ts';
import { openSpool } from '../system/spool.ts';
import { DEFAULT_FILE, refuse } from './common.ts';
import { unknownInWords } from './queue/life.ts';
import { withQueue } from './queue/open.ts';
import { type Checked, checkedFacts } from './show/checked.ts';
import { printOctets, printPart } from './show/extract.ts';
import { listed, listedInWords } from './show/listing.ts';
import { look } from './show/look.ts';
import { print } from './show/pager.ts';
import { type Mailbox, sourceOf } from './show/source.ts';
import { terminalScreen } from './show/terminal.ts';

export interface ShowOptions {
  readonly config?: string;
  readonly directory?: string;
  readonly json?: boolean;
  readonly part?: string;
  readonly raw?: boolean;
  readonly source?: boolean;
  readonly allHeaders?: boolean;
  readonly html?: boolean;
  readonly run?: readonly string[];
  readonly pager: boolean;
}

export function register(program: Command): void {
  program
    .command('show')
    .description('Shows a message as a person reads it: header, parts, text, and what was found out about it.')
    .argument('<message>', 'a file, MBOX:N (or a Maildir with a number), a queue id, or - for standard input')
    .option('-c, --config <file>', 'the configuration: its queue, and the plugins that check a message in a file')
    .option('-d, --directory <folder>', 'the folder of the queue, instead of a configuration')
    .option('--all-headers', 'all fields of the header')
    .option('--html', 'HTML, as text, where there is a plain form too')
    .option('--run <type...>', "shows parts of these types by the user's mailcap, without a question: image/*, all")
    .option('--part <number>', 'the octets of one part, decoded: send them to a file')
    .option('--raw', 'with --part: as it travels, with its header')
    .option('--source', 'the message as it is')
    .option('--json', 'prints one JSON object')
    .option('--no-pager', 'prints it all at once')
    .action(show);
}

async function show(argument: string, options: ShowOptions): Promise<void> {
  try {
    const source = await sourceOf(argument);
    switch (source.kind) {
      case 'content':
        return await present(source.content, await checked(source.content, options), options);
      case 'mailbox':
        return await list(source.name, source.mailbox, options);
      case 'standard-input':
        return await withStandardInput(async content => present(content, await checked(content, options), options));
      case 'queue':
        return await fromQueue(source.id, options);
      case 'nothing':
        return refused(source.because);
      default:
        source satisfies never;
    }
  } catch (error) {
    refuse(error);
  }
}

/** What the plugins of a configuration say now, where one is named. */
function checked(content: Content, { config }: ShowOptions): Promise<Checked> {
  return config === undefined ? Promise.resolve({ facts: NO_FACTS, trace: [] }) : checkedFacts(content, config);
}

async function present(content: Content, found: Checked, options: ShowOptions): Promise<void> {
  if (options.source === true) return void (await printOctets(content.stream()));
  if (options.part !== undefined) {
    const hindrance = await printPart(content, options.part, options.raw === true);
    return hindrance === null ? undefined : refused(hindrance);
  }
  await look(content, found, options);
}

function fromQueue(id: string, options: ShowOptions): Promise<void> {
  const place = {
    config: options.config ?? DEFAULT_FILE,
    ...(options.directory === undefined ? {} : { directory: options.directory }),
  };
  return withQueue(place, async queue => {
    const found = await queue.find(id);
    const mail = found?.mail ?? null;
    if (mail !== null) return present(mail.content, { facts: mail.facts, trace: found?.trace ?? [] }, options);
    if (found !== null) return refused(`${id}: the mail cannot be read.`);
    if ((await queue.past(id)) === null)
      return refused(`${unknownInWords(id).trimEnd()}\nNor is there a file of that name.`);
    refused(`${id}: no longer in the queue, and contents are not kept: mailframe queue show ${id}`);
  });
}

async function list(name: string, mailbox: Mailbox, options: ShowOptions): Promise<void> {
  if (options.part !== undefined || options.source === true) {
    return refused(`${name} has several mails: name one, as ${name}:1.`);
  }
  const screen = terminalScreen();
  const lines: string[] = [];
  const found = [];
  for await (const mail of listed(mailbox)) {
    if (options.json === true) found.push(mail);
    else lines.push(listedInWords(mail, screen));
  }
  if (options.json === true) return void process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  if (lines.length === 0) return refused(`${name} is empty.`);
  await print([...lines, `mailframe show ${name}:N shows one of them.`], options.pager);
}

/** What does not fit into little memory waits in a file for us alone. */
async function withStandardInput(use: (content: Content) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'mailframe-show-'));
  const spool = openSpool({ directory, random: systemRandom });
  try {
    for await (const piece of process.stdin as AsyncIterable<Buffer>) await spool.write(piece);
    await use(await spool.finish());
  } finally {
    await spool.abandon();
    await rm(directory, { recursive: true, force: true });
  }
}

function refused(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 1;
}
