/** The content of mail, as DATA carries it: its dots, its lines, its end, and another mail behind it. */
import type { ConformanceCase } from './conformance-case.ts';
import { hold, must } from './must.ts';
import { SENDER } from './probe.ts';

const group = 'dialogue' as const;
const MAIL = `MAIL FROM:<${SENDER}>`;
/** Without its CRLF. */
const LONGEST_LINE = 998;

export const CONTENT_CASES: readonly ConformanceCase[] = [
  {
    group,
    name: 'transparency',
    source: 'RFC 5321 section 4.5.2',
    sentence: 'Leading dots are doubled on the way and single again behind it; nothing else of the content is changed.',
    async run(probe) {
      const conversation = await probe.inContent();
      const lines = ['.', '..', '.dot', 'text', ''];
      conversation.send(`Subject: dots\r\n\r\n${lines.map(line => line.replace(/^\./, '..')).join('\r\n')}\r\n.\r\n`);
      must(await conversation.reply(), 250);
      if (probe.target.own === null) return;
      await probe.own.settled();
      const content = probe.own.attempts.at(-1)?.content.toString('latin1') ?? '';
      hold(
        content.includes(`\r\n\r\n${lines.join('\r\n')}\r\n`),
        `the content has become ${JSON.stringify(content.slice(-60))}`,
      );
    },
  },
  {
    group,
    name: 'long-text-line',
    source: 'RFC 5321 section 4.5.3.1.6',
    sentence: 'A line of text of 1000 octets, its CRLF included, is accepted.',
    async run(probe) {
      const conversation = await probe.inContent();
      conversation.send(`Subject: long\r\n\r\n${'x'.repeat(LONGEST_LINE)}\r\n.\r\n`);
      must(await conversation.reply(), 250);
    },
  },
  {
    group,
    name: 'several-mails',
    source: 'RFC 5321 section 3.3',
    sentence: 'One mail may follow another in the same session.',
    async run(probe) {
      probe.takesMail();
      const { conversation } = await probe.addressed();
      for (const second of [false, true]) {
        if (second) {
          must(await conversation.say(MAIL), 250);
          must(await conversation.say(`RCPT TO:<${probe.to}>`), 25);
        }
        must(await conversation.say('DATA'), 354);
        conversation.send('Subject: one of two\r\n\r\ntext\r\n.\r\n');
        must(await conversation.reply(), 250);
      }
    },
  },
  {
    group,
    name: 'pieces',
    source: 'RFC 5321 section 4.1.1.4',
    sentence: 'The end of the content is found however it is cut into segments.',
    async run(probe) {
      const conversation = await probe.inContent();
      for (const piece of ['Subject: pieces\r\n\r\ntext', '\r', '\n', '.', '\r', '\n']) {
        conversation.send(piece);
        await new Promise(resolve => setTimeout(resolve, 2));
      }
      must(await conversation.reply(), 250);
    },
  },
];
