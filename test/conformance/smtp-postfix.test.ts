/** Postfix's command lists against a listener: what a failing look-up is answered, and how the lines of MAIL are cut. */
import { expect, test } from 'vitest';
import { formatPath } from '../../core/mail/path.ts';
import { accept } from '../../core/mail/verdict.ts';
import { link } from '../core/chain/chain-of.ts';
import { gateway } from '../core/smtp/gateway.ts';
import { describeWithCorpus } from '../support/corpus.ts';
import { isStage, postfixChecks, postfixTokens, Restrictions, type Stage } from '../support/postfix-check.ts';
import { replyClass, replyClassLike } from '../support/reply-class.ts';
import { compared, tally, type Verdict } from '../support/tally.ts';

type Gateway = Awaited<ReturnType<typeof gateway>>;

const bracketed = (address: string) => (address.startsWith('<') ? address : `<${address}>`);

/** The reply to one command, in a session that has come as far as the command wants it. */
async function replyTo(stage: Stage, argument: string, its: Gateway): Promise<string> {
  const client = await its.connect();
  const greeting = (await client.reply()).join('\n');
  if (stage === 'client') return greeting;
  const lines = {
    helo: [`HELO ${argument}`],
    mail: ['HELO foobar', `MAIL FROM:${bracketed(argument)}`],
    rcpt: ['HELO foobar', 'MAIL FROM:<sname@sdomain.example>', `RCPT TO:${bracketed(argument)}`],
    rewrite: ['HELO foobar', 'MAIL FROM:<>', 'RCPT TO:<user@example.com>', 'DATA', 'Subject: x\r\n\r\n.'],
  }[stage];
  let reply = '';
  for (const line of lines) reply = await client.command(line);
  expect(await client.command('NOOP'), 'the session goes on').toMatch(/^250 /);
  return reply;
}

/** Plays a list: settings are set, commands are said and compared. */
async function verdictsOf(list: string): Promise<readonly Verdict[]> {
  const restrictions = new Restrictions();
  const its = await gateway({ links: [link('postfix', restrictions.plugin())], options: { hostname: 'example.com' } });
  const verdicts: Verdict[] = [];
  for (const { command, reply } of postfixChecks(list)) {
    const [name = '', ...rest] = command.split(' ');
    const argument = rest.join(' ');
    if (!isStage(name)) {
      restrictions.set(name, argument);
      continue;
    }
    restrictions.stage = name;
    const theirs = reply === 'OK' ? '250 OK' : reply;
    const ours = await replyTo(name, argument, its);
    const id = `${verdicts.length} ${command}`;
    verdicts.push(compared(id, replyClassLike(theirs, ours), replyClass(theirs)));
  }
  return verdicts;
}

/** The path that a listener reads from the argument of MAIL or RCPT, or `refused`. */
async function pathIn(line: string): Promise<string> {
  let path = 'none';
  const listening = link('listening', {
    mail: ({ reversePath }) => void (path = formatPath(reversePath)),
    rcpt({ recipient: { forwardPath } }) {
      path = formatPath(forwardPath);
      return accept;
    },
  });
  const its = await gateway({ links: [listening] });
  const client = await its.greeted();
  await client.command('EHLO client.test');
  if (/^rcpt /i.test(line)) await client.command('MAIL FROM:<ann@client.test>');
  const reply = await client.command(line);
  return reply.startsWith('2') ? path : 'refused';
}

const ALIKE =
  'whom a plugin cannot look up it cannot claim, the postmaster no more than others: it is tried again later';
const NETWORK = 'a range whose address has host bits is the network that the address is in';
const NO_BRACKETS = 'a path has angle brackets (RFC 5321 section 4.1.2); clients that leave them out are told so';
const NO_HEADER =
  'a path is no header field: it holds no blanks, no comments and no display name (RFC 5321 section 4.1.2)';
const LITERAL = 'a literal that is left open is no domain: the tokeniser does not look, the parser does';

describeWithCorpus('command lists of Postfix', () => {
  test('smtpd_error: a look-up that fails is a reason to come again', async () => {
    tally('smtp/postfix-smtpd smtpd_error', await verdictsOf('smtpd_error'), {
      '4 rcpt postmaster': ALIKE,
      '6 rcpt reject@dunno.domain': NETWORK,
    });
  });

  test('smtpd_deprecated: a restriction that is no more is a reason to come again', async () => {
    tally('smtp/postfix-smtpd smtpd_deprecated', await verdictsOf('smtpd_deprecated'));
  });

  test('smtpd_token: a path is one token, quoted blanks included, and a quotation that does not end is none', async () => {
    const verdicts: Verdict[] = [];
    for (const { line, tokens } of postfixTokens()) {
      const [, , path] = tokens;
      const asked = line.replace(/^mail to:/, 'rcpt to:');
      verdicts.push(compared(line, await pathIn(asked), path?.type === 'other' ? path.value : 'refused'));
    }
    tally('smtp/postfix-smtpd smtpd_token', verdicts, {
      'mail from:wietse@porcupine.org': NO_BRACKETS,
      'mail from:<wietse @ porcupine.org>': NO_HEADER,
      'mail from:<"wietse venema"@porcupine.org ("wietse ) venema")>': NO_HEADER,
      'mail from:<"wietse venema" <wietse@porcupine.org>>': NO_HEADER,
      'mail from:<"wietse venema"@porcupine.org ( ("wietse ) venema") )>': NO_HEADER,
      'mail from:"wietse venema"@porcupine.org': NO_BRACKETS,
      'mail from:wietse\\ venema@porcupine.org': NO_BRACKETS,
      'mail to:<wietse@[stuff>': LITERAL,
    });
  });
});
