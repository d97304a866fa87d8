/** The dialogue of RFC 5321: what is said in which order, and what is answered. */
import { type ConformanceCase, NotApplicable } from './conformance-case.ts';
import { hold, must } from './must.ts';
import { CLIENT, SENDER } from './probe.ts';

const group = 'dialogue' as const;
/** RFC 5321 section 4.1.1.4 allows 503 and 554. */
const NO_RECIPIENTS = [503, 554] as const;
const MAIL = `MAIL FROM:<${SENDER}>`;
const LONGEST_LOCAL_PART = 64;
/** With its CRLF a command line may have 512 octets. */
const LONGEST_NOOP = 510;

export const DIALOGUE_CASES: readonly ConformanceCase[] = [
  {
    group,
    name: 'greeting',
    source: 'RFC 5321 section 4.2',
    sentence: 'A session begins with 220 and the name of the server.',
    async run(probe) {
      const { lines } = must(await (await probe.connected()).reply(), 220);
      hold(/^220[ -][\w.[\]:-]+(?: |$)/.test(lines[0] ?? ''), 'no name of a host stands behind 220');
    },
  },
  {
    group,
    name: 'ehlo',
    source: 'RFC 5321 section 4.1.1.1',
    sentence: 'EHLO is answered by 250, the name of the server, and a keyword on each further line.',
    async run(probe) {
      const { lines } = must(await (await probe.greeted()).say(`EHLO ${CLIENT}`), 250);
      const [first = '', ...others] = lines;
      hold(/^250[ -][\w.[\]:-]+(?: |$)/.test(first), 'no name of a host stands on the first line');
      const odd = others.find(line => !/^250[ -][A-Za-z0-9][A-Za-z0-9-]*(?:[ =][\x21-\x7e]+)*$/.test(line));
      hold(odd === undefined, `this is no keyword with parameters: ${odd}`);
    },
  },
  {
    group,
    name: 'helo',
    source: 'RFC 5321 section 4.1.1.1',
    sentence: 'HELO is answered by a single line of 250.',
    async run(probe) {
      const { lines } = must(await (await probe.greeted()).say(`HELO ${CLIENT}`), 250);
      hold(lines.length === 1, 'the reply has several lines');
    },
  },
  {
    group,
    name: 'ehlo-without-name',
    source: 'RFC 5321 section 4.1.1.1',
    sentence: 'EHLO without a name is refused.',
    async run(probe) {
      must(await (await probe.greeted()).say('EHLO'), 5);
    },
  },
  {
    group,
    name: 'case-of-commands',
    source: 'RFC 5321 section 2.4',
    sentence: 'Commands are understood in capitals, in small letters, and in both mixed.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say(`ehlo ${CLIENT}`), 250);
      must(await conversation.say('nOOp'), 250);
      must(await conversation.say(`mail from:<${SENDER}>`), 250);
    },
  },
  {
    group,
    name: 'unknown-command',
    source: 'RFC 5321 section 4.2.4',
    sentence: 'A command that nobody knows is answered by 500 or 502, and the session goes on.',
    async run(probe) {
      const { conversation } = await probe.introduced();
      must(await conversation.say('XYZZY plugh'), [500, 502]);
      must(await conversation.say('NOOP'), 250);
    },
  },
  {
    group,
    name: 'rcpt-before-mail',
    source: 'RFC 5321 section 4.1.4',
    sentence: 'RCPT before MAIL is refused as out of order: 503.',
    async run(probe) {
      must(await (await probe.ready()).conversation.say('RCPT TO:<ann@example.test>'), 503);
    },
  },
  {
    group,
    name: 'data-before-rcpt',
    source: 'RFC 5321 section 4.1.1.4',
    sentence: 'DATA without a recipient is refused: 503 or 554.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      must(await conversation.say('DATA'), NO_RECIPIENTS);
    },
  },
  {
    group,
    name: 'nested-mail',
    source: 'RFC 5321 section 4.1.4',
    sentence: 'MAIL inside a transaction is refused as out of order: 503.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      must(await conversation.say(MAIL), 503);
    },
  },
  {
    group,
    name: 'malformed-path',
    source: 'RFC 5321 section 4.1.1.2',
    sentence: 'MAIL and RCPT with something that is no path are refused, and the session goes on.',
    async run(probe) {
      const { conversation } = await probe.ready();
      for (const line of [
        'MAIL',
        'MAIL TO:<ann@client.test>',
        'MAIL FROM:<ann@@client.test>',
        'MAIL FROM:<ann@client.test',
      ]) {
        must(await conversation.say(line), 5, `${line} is not refused`);
      }
      must(await conversation.say(MAIL), 250);
      for (const line of ['RCPT', 'RCPT TO:<>', 'RCPT TO:<a b@example.test>']) {
        must(await conversation.say(line), 5, `${line} is not refused`);
      }
    },
  },
  {
    group,
    name: 'unknown-parameter',
    source: 'RFC 5321 section 4.1.1.11',
    sentence: 'A parameter of MAIL that was not offered is refused.',
    async run(probe) {
      must(await (await probe.ready()).conversation.say(`${MAIL} X-UNHEARD-OF=1`), 5);
    },
  },
  {
    group,
    name: 'rset',
    source: 'RFC 5321 section 4.1.1.5',
    sentence: 'RSET is answered by 250 and forgets the transaction.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      must(await conversation.say('RSET'), 250);
      must(await conversation.say('RCPT TO:<ann@example.test>'), 503, 'RCPT is not refused after RSET');
      must(await conversation.say(MAIL), 250);
    },
  },
  {
    group,
    name: 'ehlo-forgets',
    source: 'RFC 5321 section 4.1.4',
    sentence: 'EHLO inside a transaction forgets it, as RSET does.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      must(await conversation.say(`EHLO ${CLIENT}`), 250);
      must(await conversation.say('RCPT TO:<ann@example.test>'), 503, 'RCPT is not refused after EHLO');
    },
  },
  {
    group,
    name: 'noop',
    source: 'RFC 5321 section 4.1.1.9',
    sentence: 'NOOP is answered by 250, with and without words behind it, and changes nothing.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      must(await conversation.say('NOOP'), 250);
      must(await conversation.say('NOOP nothing at all'), 250);
      must(await conversation.say(MAIL), 503, 'NOOP has ended the transaction');
    },
  },
  {
    group,
    name: 'vrfy',
    source: 'RFC 5321 section 3.5.3',
    sentence: 'VRFY is known: it is answered, were it only by 252 or 502.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say('VRFY postmaster'), [25, 502, 504, 55, 4]);
    },
  },
  {
    group,
    name: 'quit',
    source: 'RFC 5321 section 4.1.1.10',
    sentence: 'QUIT is answered by 221, and then the server closes the connection.',
    async run(probe) {
      const { conversation } = await probe.introduced();
      must(await conversation.say('QUIT'), 221);
      hold((await conversation.rest()).length === 0, 'something is said behind 221');
    },
  },
  {
    group,
    name: 'null-reverse-path',
    source: 'RFC 5321 section 4.5.5',
    sentence: 'MAIL FROM:<> is accepted: notifications have no other sender.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say('MAIL FROM:<>'), 250);
      if (probe.target.to !== null) must(await conversation.say(`RCPT TO:<${probe.to}>`), 25);
    },
  },
  {
    group,
    name: 'postmaster',
    source: 'RFC 5321 section 4.5.1',
    sentence: 'Postmaster without a domain is accepted as a recipient, in any case of letters.',
    async run(probe) {
      const { conversation } = await probe.ready();
      must(await conversation.say(MAIL), 250);
      const { code, lines } = await conversation.say('RCPT TO:<Postmaster>');
      if (code >= 400 && code < 500) throw new NotApplicable(`the server cannot say at present: ${lines.at(-1)}`);
      hold(code < 300, `it is answered by ${code}`);
      must(await conversation.say('RCPT TO:<POSTMASTER>'), 25);
    },
  },
  {
    group,
    name: 'quoted-local-part',
    source: 'RFC 5321 section 4.1.2',
    sentence: 'A quoted local part is a local part.',
    async run(probe) {
      must(await (await probe.ready()).conversation.say('MAIL FROM:<"ann b. \\"c\\""@client.test>'), 250);
    },
  },
  {
    group,
    name: 'long-local-part',
    source: 'RFC 5321 section 4.5.3.1.1',
    sentence: 'A local part of 64 octets is accepted.',
    async run(probe) {
      const localPart = 'a'.repeat(LONGEST_LOCAL_PART);
      must(await (await probe.ready()).conversation.say(`MAIL FROM:<${localPart}@client.test>`), 250);
    },
  },
  {
    group,
    name: 'long-command',
    source: 'RFC 5321 section 4.5.3.1.4',
    sentence: 'A command line of 512 octets is understood.',
    async run(probe) {
      const { conversation } = await probe.introduced();
      must(await conversation.say('NOOP '.padEnd(LONGEST_NOOP, 'x')), 250);
    },
  },
  {
    group,
    name: 'odd-octets',
    source: 'RFC 5321 section 4.1.2',
    sentence: 'Octets that no command can hold are refused, each line by one reply.',
    async run(probe) {
      const { conversation } = await probe.introduced();
      must(await conversation.say('MAIL FROM:<a\0nn@client.test>'), [5, 421]);
      conversation.send('QUIT\r\n');
      hold((await conversation.rest()).length <= 1, 'the line had more than one reply');
    },
  },
  {
    group,
    name: 'form-of-replies',
    source: 'RFC 5321 section 4.2',
    sentence: 'Every line of a reply has a code, ends with CRLF alone, and is no longer than 512 octets.',
    async run(probe) {
      const { conversation } = await probe.introduced();
      for (const line of ['NOOP', 'XYZZY', 'RCPT TO:<>', 'VRFY x', 'MAIL', 'HELP']) await conversation.say(line);
      const odd = probe.heard.find(
        line => !/^[2-5][0-9]{2}(?:[ -][^\r\n\0]*)?$/.test(line) || line.length > LONGEST_NOOP,
      );
      hold(odd === undefined, `this is no line of a reply: ${JSON.stringify(odd?.slice(0, 80))}`);
    },
  },
];
