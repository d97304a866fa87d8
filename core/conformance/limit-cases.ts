/** Limits: what a server must be able to take, and that it bounds what a client may take from it. */
import { type ConformanceCase, NotApplicable } from './conformance-case.ts';
import type { Conversation } from './conversation.ts';
import { hold, must } from './must.ts';
import { SENDER } from './probe.ts';

const group = 'limits' as const;
const MAIL = `MAIL FROM:<${SENDER}>`;
const LEAST_RECIPIENTS = 100;
/** Longer than any command may be. */
const ENDLESS_COMMAND = 100_000;
/** More than that is not sent for a test. */
const MOST_OCTETS = 64 * 1024 ** 2;
const MOST_COMMANDS = 2000;
const MOST_CONNECTIONS = 300;
const BLOCK = 64 * 1024;

export const LIMIT_CASES: readonly ConformanceCase[] = [
  {
    group,
    name: 'hundred-recipients',
    source: 'RFC 5321 section 4.5.3.1.8',
    sentence: 'A mail may have 100 recipients.',
    async run(probe) {
      const { to } = probe;
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      for (let one = 1; one <= LEAST_RECIPIENTS; one += 1) {
        must(await conversation.say(`RCPT TO:<${to}>`), 25, `recipient ${one} is refused`);
      }
    },
  },
  {
    group,
    name: 'too-many-recipients',
    source: 'RFC 5321 section 4.5.3.1.10',
    sentence: 'One recipient more than the limit is told 452, and those before it stay accepted.',
    async run(probe) {
      const { own, to } = probe;
      probe.takesMail();
      const { recipients } = own.limits;
      if (recipients > MOST_COMMANDS)
        throw new NotApplicable(`the limit is ${recipients}, which takes too long to reach`);
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      const numbered = await numbering(conversation, to);
      conversation.send(
        Array.from({ length: recipients }, (_, index) => `RCPT TO:<${numbered(index + 1)}>\r\n`).join(''),
      );
      for (let one = 1; one < recipients; one += 1) must(await conversation.reply(), 25, `recipient ${one} is refused`);
      must(await conversation.reply(), 452);
      must(await conversation.say('DATA'), 354);
      conversation.send('Subject: many\r\n\r\ntext\r\n.\r\n');
      must(await conversation.reply(), 250);
    },
  },
  {
    group,
    name: 'endless-command',
    source: 'RFC 5321 section 4.5.3.1.4',
    sentence: 'A command line that does not end is refused, or the session is.',
    async run(probe) {
      const { conversation } = await probe.introduced();
      conversation.send(`NOOP ${'x'.repeat(ENDLESS_COMMAND)}\r\n`);
      const reply = await conversation.next();
      if (reply !== null) must(reply, [5, 421], 'a command of 100,000 octets is taken');
    },
  },
  {
    group,
    name: 'size-real',
    source: 'RFC 1870 section 6.3',
    sentence: 'Content beyond the announced limit is refused with 552, and the session goes on.',
    async run(probe) {
      const { maxSize } = probe.own;
      if (maxSize > MOST_OCTETS)
        throw new NotApplicable(`the limit is ${maxSize} octets, which takes too long to reach`);
      const conversation = await probe.inContent('to-refuse');
      const line = `${'x'.repeat(76)}\r\n`;
      const block = line.repeat(Math.ceil(BLOCK / line.length));
      conversation.send('Subject: large\r\n\r\n');
      for (let sent = 0; sent <= maxSize; sent += block.length) conversation.send(block);
      conversation.send('.\r\n');
      must(await conversation.reply(), 552);
      must(await conversation.say('NOOP'), 250);
    },
  },
  {
    group,
    name: 'loop',
    source: 'RFC 5321 section 6.3',
    sentence: 'A mail that has been through too many machines is refused as a loop.',
    async run(probe) {
      const { hops } = probe.own.limits;
      const conversation = await probe.inContent('to-refuse');
      const field = 'Received: from a.test by b.test; Thu, 1 Jan 2026 00:00:00 +0000\r\n';
      conversation.send(`${field.repeat(hops + 1)}Subject: loop\r\n\r\ntext\r\n.\r\n`);
      must(await conversation.reply(), 5);
    },
  },
  {
    group,
    name: 'bad-commands',
    source: 'RFC 5321 section 7.8',
    sentence: 'A client that only says what must be refused is told 421 in the end, and the connection closes.',
    async run(probe) {
      const { unknownCommands, errors } = probe.own.limits;
      const most = Math.min(unknownCommands, errors) + 1;
      if (most > MOST_COMMANDS) throw new NotApplicable(`the limit is ${most - 1}, which takes too long to reach`);
      const { conversation } = await probe.introduced();
      conversation.send('XYZZY\r\n'.repeat(most + 1));
      const replies = await conversation.rest();
      hold(
        replies.some(({ code }) => code === 421),
        'no 421 came before the connection closed',
      );
    },
  },
  {
    group,
    name: 'connections',
    source: 'RFC 5321 section 7.8',
    sentence: 'A client with too many connections at a time is refused with 421, and those that it has go on.',
    async run(probe) {
      const { connections, perClient, perNetwork } = probe.own.limits;
      const limits = [
        connections,
        perClient.connections,
        perNetwork.connections,
        perClient.newConnections,
        perNetwork.newConnections,
      ];
      const most = Math.min(...limits.filter(one => one !== null));
      if (most > MOST_CONNECTIONS) throw new NotApplicable(`the limit is ${most}, which takes too long to reach`);
      const { port } = await probe.own.asConfigured();
      const server = { ...probe.target, port };
      const first = await probe.connected(server);
      must(await first.reply(), 220);
      for (let one = 2; one <= most; one += 1) must(await (await probe.connected(server)).reply(), 220);
      const extra = await (await probe.connected(server)).next();
      if (extra !== null) must(extra, 421);
      must(await first.say('NOOP'), 250);
    },
  },
  {
    group,
    name: 'idle',
    source: 'RFC 5321 section 4.5.3.2.7',
    sentence: 'A client may be silent for some minutes, and is told 421 after its time.',
    async run(probe) {
      const { idle } = probe.own.limits;
      const { port, skip } = await probe.own.asConfigured();
      const conversation = await probe.connected({ ...probe.target, port });
      must(await conversation.reply(), 220);
      await skip(idle - 1000);
      must(await conversation.say('NOOP'), 250, 'the session has ended before its time');
      await skip(idle + 1000);
      must(await conversation.reply(), 421);
      hold((await conversation.rest()).length === 0, 'something is said behind 421');
    },
  },
];

/** Many addresses out of one; the first of them, number 0, has been accepted. @throws NotApplicable */
async function numbering(conversation: Conversation, to: string): Promise<(number: number) => string> {
  const at = to.lastIndexOf('@');
  for (const between of ['+', '']) {
    const numbered = (number: number) => `${to.slice(0, at)}${between}${number}${to.slice(at)}`;
    if ((await conversation.say(`RCPT TO:<${numbered(0)}>`)).code < 300) return numbered;
  }
  throw new NotApplicable(`no addresses beside ${to} are known that it takes mail for`);
}
