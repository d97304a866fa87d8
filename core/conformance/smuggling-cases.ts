/**
 * Smuggling: that nothing but CRLF dot CRLF ends the content, and nothing that was content is ever a command.
 *
 * What is hidden in the content here are harmless commands, RSET: a server that takes them for commands answers them, and
 * the number of replies tells.
 */
import type { ConformanceCase } from './conformance-case.ts';
import { Departure, NotApplicable } from './conformance-case.ts';
import type { HeardReply } from './conversation.ts';
import { hold, must } from './must.ts';
import { CLIENT, type Probe, SENDER } from './probe.ts';

const group = 'smuggling' as const;

/** What some servers take for the end of the content, and is not. */
const FALSE_ENDS: readonly (readonly [name: string, octets: string, words: string])[] = [
  ['lf-dot-crlf', '\n.\r\n', 'LF dot CRLF'],
  ['lf-dot-lf', '\n.\n', 'LF dot LF'],
  ['crlf-dot-lf', '\r\n.\n', 'CRLF dot LF'],
  ['cr-dot-crlf', '\r.\r\n', 'CR dot CRLF'],
  ['cr-dot-cr', '\r.\r', 'CR dot CR'],
  ['crlf-dot-cr', '\r\n.\r', 'CRLF dot CR'],
  ['lf-dot-cr', '\n.\r', 'LF dot CR'],
  ['cr-cr-lf', '\r\r\n.\r\r\n', 'CR CRLF dot CR CRLF'],
  ['dot-cr-crlf', '\r\n.\r\r\n', 'CRLF dot CR CRLF'],
  ['nul-before-dot', '\r\n\0.\r\n', 'CRLF NUL dot CRLF'],
  ['nul-behind-dot', '\r\n.\0\r\n', 'CRLF dot NUL CRLF'],
  ['blank-behind-dot', '\r\n. \r\n', 'CRLF dot blank CRLF'],
];

export const SMUGGLING_CASES: readonly ConformanceCase[] = [
  ...FALSE_ENDS.map(
    ([name, octets, words]): ConformanceCase => ({
      group,
      name: `smuggling-${name}`,
      source: 'RFC 5321 section 4.1.1.4',
      sentence: `${words} does not end the content.`,
      async run(probe) {
        const conversation = await probe.inContent('to-refuse');
        conversation.send(`Subject: outer\r\n\r\ntext${octets}RSET\r\nRSET\r\ntext\r\n.\r\nQUIT\r\n`);
        const replies = await conversation.rest();
        // One to the content, one to QUIT; a server may close at once over what it was sent.
        hold(replies.length <= 2, `${replies.length - 1} replies came where the content has one: it was cut in two`);
        hold(replies.length > 0, 'the content has no reply');
        await unmixed(probe);
      },
    }),
  ),
  {
    group,
    name: 'smuggling-bare-newline-in-commands',
    source: 'RFC 5321 section 2.3.8',
    sentence: 'A bare LF does not end a command.',
    async run(probe) {
      const asked = probe.target.own?.bareNewline === 'normalize';
      if (asked) throw new NotApplicable('the configuration asks for it: bareNewline: normalize');
      const { conversation } = await probe.introduced();
      conversation.send('NOOP one\nNOOP two\r\nQUIT\r\n');
      const replies = await conversation.rest();
      hold(replies.length <= 2, 'one line had two replies');
    },
  },
  {
    group,
    name: 'smuggling-starttls-injection',
    source: 'RFC 3207 section 4',
    sentence: 'What was sent in plain text together with STARTTLS is not obeyed after the handshake.',
    async run(probe) {
      const { conversation, offers } = await probe.introduced();
      if (!offers.has('STARTTLS')) throw new NotApplicable('STARTTLS is not offered');
      conversation.send('STARTTLS\r\nNOOP injected\r\nNOOP injected\r\n');
      const reply = await conversation.next();
      // A server may refuse, or close: it has only to forget.
      if (reply?.code !== 220) return;
      try {
        await conversation.secure();
      } catch {
        return;
      }
      conversation.send('QUIT\r\n');
      const replies = await conversation.rest();
      hold(replies.length <= 1, `${replies.length - 1} commands of the plain text were obeyed over TLS`);
    },
  },
  {
    group,
    name: 'smuggling-refused-content',
    source: 'RFC 3030 section 2',
    sentence: 'The octets of a chunk are content, whatever they look like.',
    async run(probe) {
      const { to } = probe;
      const { conversation } = await probe.offering('CHUNKING');
      must(await conversation.say(`MAIL FROM:<${SENDER}>`), 250);
      must(await conversation.say(`RCPT TO:<${to}>`), 25);
      const chunk = 'Subject: chunk\r\n\r\n.\r\nRSET\r\nRSET\r\n';
      conversation.send(`BDAT ${chunk.length} LAST\r\n${chunk}QUIT\r\n`);
      const replies = await conversation.rest();
      hold(replies.length === 2, `${replies.length} replies came where the chunk and QUIT have two`);
    },
  },
  {
    group,
    name: 'smuggling-behind-the-end',
    source: 'RFC 2920 section 3.1',
    sentence: 'What is sent together with the end of the content is the next command, and is answered as that.',
    async run(probe) {
      const conversation = await probe.inContent();
      conversation.send('Subject: end\r\n\r\ntext\r\n.\r\nNOOP\r\nQUIT\r\n');
      const replies = await conversation.rest();
      const codes = replies.map(({ code }: HeardReply) => code);
      hold(codes.join() === '250,250,221', `the replies are ${codes.join(', ')}`);
    },
  },
  {
    group,
    name: 'smuggling-in-what-is-passed-on',
    source: 'RFC 5321 section 2.3.8',
    sentence: 'Content that is passed on holds no bare CR, no bare LF and no NUL, whatever came in.',
    async run(probe) {
      const { own } = probe;
      for (const octets of ['a\nb', 'a\rb', 'a\0b', '\n.\n']) {
        const conversation = await probe.inContent('to-refuse');
        conversation.send(`Subject: bare\r\n\r\n${octets}\r\n.\r\n`);
        must(await conversation.reply(), [2, 5]);
        conversation.close();
      }
      await own.settled();
      for (const { content } of own.attempts) {
        const text = content.toString('latin1');
        if (/\r(?!\n)|(?<!\r)\n|\0/.test(text))
          throw new Departure('a transport was given a bare CR, a bare LF or a NUL');
      }
    },
  },
  {
    group,
    name: 'smuggling-by-greeting',
    source: 'RFC 5321 section 4.1.1.1',
    sentence: 'The name that EHLO gives does not become a line of the reply.',
    async run(probe) {
      const conversation = await probe.greeted();
      conversation.send(`EHLO ${CLIENT}\r250 X-INJECTED\r\nQUIT\r\n`);
      const lines = (await conversation.rest()).flatMap(one => one.lines);
      hold(!lines.some(line => /^\d{3}[ -]X-INJECTED/.test(line) || line.includes('\r')), 'it has become one');
    },
  },
];

/** Nothing of one mail may have become another: transports have seen one mail or none. */
async function unmixed(probe: Probe): Promise<void> {
  const { own } = probe.target;
  if (own === null) return;
  await own.settled();
  const odd = own.attempts.find(({ from }) => from !== `<${SENDER}>` && from !== '<>' && !from.includes('client.test'));
  hold(odd === undefined, `a mail from ${odd?.from} has appeared`);
}
