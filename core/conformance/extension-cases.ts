/** What EHLO offers is kept: each extension by its own RFC, where it is offered. */
import { type ConformanceCase, NotApplicable } from './conformance-case.ts';
import { hold, must } from './must.ts';
import { CLIENT, offersIn, SENDER } from './probe.ts';

const group = 'extensions' as const;
const MAIL = `MAIL FROM:<${SENDER}>`;

export const EXTENSION_CASES: readonly ConformanceCase[] = [
  {
    group,
    name: 'pipelining',
    source: 'RFC 2920 section 3.2',
    sentence: 'Commands that are sent together are answered one by one, in their order.',
    async run(probe) {
      const { conversation } = await probe.offering('PIPELINING');
      const lines = ['NOOP', MAIL, 'RCPT TO:<>', 'XYZZY', 'RSET', 'NOOP'];
      conversation.send(lines.map(line => `${line}\r\n`).join(''));
      const codes: number[] = [];
      for (const _ of lines) codes.push((await conversation.reply()).code);
      const classes = codes.map(code => Math.floor(code / 100));
      hold(classes.join() === '2,2,5,5,2,2', `the replies are ${codes.join(', ')}`);
    },
  },
  {
    group,
    name: 'pipelined-data',
    source: 'RFC 2920 section 3.1',
    sentence: 'DATA that is sent with a refused RCPT gets no mail: it is refused itself, or what follows is.',
    async run(probe) {
      const { conversation } = await probe.offering('PIPELINING');
      conversation.send(`${MAIL}\r\nRCPT TO:<>\r\nDATA\r\n`);
      must(await conversation.reply(), 250);
      must(await conversation.reply(), 5);
      const data = must(await conversation.reply(), [3, 5]);
      if (data.code >= 400) return;
      conversation.send('.\r\n');
      must(await conversation.reply(), 5, 'a mail without a recipient is taken');
    },
  },
  {
    group,
    name: 'size-announced',
    source: 'RFC 1870 section 6.1',
    sentence: 'A mail whose announced size is beyond the limit is refused at MAIL.',
    async run(probe) {
      const { conversation, argument } = await probe.offering('SIZE');
      const limit = Number(argument);
      if (!(limit > 0)) throw new NotApplicable('no limit is announced');
      must(await conversation.say(`${MAIL} SIZE=${limit + 1}`), [552, 4]);
      must(await conversation.say(`${MAIL} SIZE=${Math.min(limit, 1000)}`), 250);
      must(await conversation.say('RSET'), 250);
      must(await conversation.say(`${MAIL} SIZE=many`), 5);
    },
  },
  {
    group,
    name: '8bitmime',
    source: 'RFC 6152 section 3',
    sentence: 'BODY=8BITMIME is accepted, and its octets arrive as they are.',
    async run(probe) {
      const { to } = probe;
      probe.takesMail();
      const { conversation } = await probe.offering('8BITMIME');
      must(await conversation.say(`${MAIL} BODY=8BITMIME`), 250);
      must(await conversation.say(`RCPT TO:<${to}>`), 25);
      must(await conversation.say('DATA'), 354);
      const header =
        'Subject: eight bits\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n';
      conversation.send(Buffer.from(`${header}\r\nna\xefve caf\xe9\r\n.\r\n`, 'latin1'));
      must(await conversation.reply(), 250);
      if (probe.target.own === null) return;
      await probe.own.settled();
      const content = probe.own.attempts.at(-1)?.content.toString('latin1') ?? '';
      hold(content.includes('na\xefve caf\xe9') || content.includes('na=EFve caf=E9'), 'the octets have changed');
    },
  },
  {
    group,
    name: 'smtputf8',
    source: 'RFC 6531 section 3.4',
    sentence: 'Addresses beyond ASCII are accepted with the parameter SMTPUTF8.',
    async run(probe) {
      const { conversation } = await probe.offering('SMTPUTF8');
      must(await conversation.say('MAIL FROM:<jürgen@client.test> SMTPUTF8'), 250);
    },
  },
  {
    group,
    name: 'smtputf8-unannounced',
    source: 'RFC 6531 section 3.5',
    sentence: 'An address beyond ASCII without the parameter SMTPUTF8 is refused.',
    async run(probe) {
      must(await (await probe.ready()).conversation.say('MAIL FROM:<jürgen@client.test>'), 5);
    },
  },
  {
    group,
    name: 'enhanced-status-codes',
    source: 'RFC 2034 section 4',
    sentence: 'Every reply but those to the greeting and to EHLO has an enhanced status of its own class.',
    async run(probe) {
      const { conversation } = await probe.offering('ENHANCEDSTATUSCODES');
      for (const line of ['NOOP', MAIL, 'RCPT TO:<>', 'RSET', 'XYZZY', 'QUIT']) {
        const { code, status } = await conversation.say(line);
        hold(status !== null, `the reply to ${line} has none`);
        hold(status?.[0] === String(code)[0], `${code} and ${status} contradict each other`);
      }
    },
  },
  {
    group,
    name: 'chunking',
    source: 'RFC 3030 section 2',
    sentence: 'A mail may come in chunks, the last of which may be empty, and may hold a line of one dot.',
    async run(probe) {
      probe.takesMail();
      const { to } = probe;
      const { conversation } = await probe.offering('CHUNKING');
      must(await conversation.say(MAIL), 250);
      must(await conversation.say(`RCPT TO:<${to}>`), 25);
      const chunk = 'Subject: chunks\r\n\r\n.\r\ntext\r\n';
      conversation.send(`BDAT ${chunk.length}\r\n${chunk}`);
      must(await conversation.reply(), 250);
      must(await conversation.say('BDAT 0 LAST'), 250);
    },
  },
  {
    group,
    name: 'chunking-out-of-order',
    source: 'RFC 3030 section 2',
    sentence:
      'BDAT without a recipient is refused, its octets are taken off the wire, and DATA between chunks is refused.',
    async run(probe) {
      const { conversation } = await probe.offering('CHUNKING');
      conversation.send('BDAT 6\r\nQUIT\r\nNOOP\r\n');
      must(await conversation.reply(), 503);
      must(await conversation.reply(), 250, 'octets of a chunk are taken for a command');
      // A chunk that was refused ends with RSET.
      must(await conversation.say('RSET'), 250);
      const { to } = probe;
      must(await conversation.say(MAIL), 250);
      must(await conversation.say(`RCPT TO:<${to}>`), 25);
      conversation.send('BDAT 3\r\nabc');
      must(await conversation.reply(), 250);
      must(await conversation.say('DATA'), 503);
    },
  },
  {
    group,
    name: 'dsn-parameters',
    source: 'RFC 3461 section 4',
    sentence: 'NOTIFY, ORCPT, RET and ENVID are accepted, and refused where they are malformed.',
    async run(probe) {
      const { to } = probe;
      const { conversation } = await probe.offering('DSN');
      const rcpt = `RCPT TO:<${to}>`;
      must(await conversation.say(`${MAIL} RET=NONE`), 5, 'RET=NONE is not refused');
      must(await conversation.say(`${MAIL} RET=HDRS ENVID=QQ+2B314159`), 250);
      must(await conversation.say(`${rcpt} NOTIFY=NEVER,SUCCESS`), 5, 'NOTIFY=NEVER,SUCCESS is not refused');
      must(await conversation.say(`${rcpt} NOTIFY=SOMETIMES`), 5, 'NOTIFY=SOMETIMES is not refused');
      must(await conversation.say(`${rcpt} NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;ann+2Bx@client.test`), 25);
    },
  },
  {
    group,
    name: 'starttls',
    source: 'RFC 3207 section 4',
    sentence: 'STARTTLS leads to TLS, is not offered twice, and all that was said before it is forgotten.',
    async run(probe) {
      const { conversation, offers } = await probe.introduced();
      if (!offers.has('STARTTLS')) throw new NotApplicable('STARTTLS is not offered');
      must(await conversation.startTls(), 220);
      must(await conversation.say('RCPT TO:<ann@example.test>'), 5, 'RCPT is not refused after STARTTLS');
      const { lines } = must(await conversation.say(`EHLO ${CLIENT}`), 250);
      hold(!offersIn(lines).has('STARTTLS'), 'STARTTLS is offered again');
      must(await conversation.say('STARTTLS'), 5);
    },
  },
  {
    group,
    name: 'auth-in-transaction',
    source: 'RFC 4954 section 4',
    sentence: 'AUTH inside a transaction, or a second time, is refused: 503.',
    async run(probe) {
      const { conversation, argument } = await probe.offering('AUTH');
      hold(argument !== '', 'no mechanism is named');
      const second = await conversation.say(MAIL);
      if (second.code !== 250) throw new NotApplicable('MAIL is not accepted without a login');
      must(await conversation.say(`AUTH ${argument.split(' ')[0]}`), [503, 5]);
    },
  },
];
