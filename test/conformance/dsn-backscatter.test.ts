/**
 * Never bounce a bounce: every report of the corpus goes from the null reverse-path to a mailbox that is not there, and by
 * routes that fail for good. No mail comes of it, whatever the report looks like.
 */
import { expect, onTestFinished, test } from 'vitest';
import { definePlugin, reject } from '../../core/index.ts';
import { type SmtpClient, smtpClient } from '../../core/testing/smtp-client.ts';
import { type SmtpSink, smtpSink } from '../../core/testing/smtp-sink.ts';
import { type RunningGateway, runningGateway } from '../interop/running-gateway.ts';
import { type Bounce, bouncesBySource } from '../support/bounces.ts';
import { corpusPresent, describeWithCorpus } from '../support/corpus.ts';
import { tally, type Verdict } from '../support/tally.ts';

/** Each fails for good, and in a way of its own. */
const FAILING = [
  'refused@partner.test', // at RCPT
  'refused-late@partner.test', // after the final dot
  'nobody@rejected.test', // by a plugin, at `route`
  'nobody@nowhere.test', // DNS knows no such domain
];

const rejecting = definePlugin({
  name: 'rejecting',
  create: () => ({
    route: ({ recipient: { forwardPath } }) =>
      forwardPath.domain === 'rejected.test' ? reject(550, '5.1.1', 'Nobody there') : undefined,
  }),
});

interface Failing {
  readonly gateway: RunningGateway;
  readonly sink: SmtpSink;
}

async function failingGateway(): Promise<Failing> {
  const sink = await smtpSink({
    faults: { rcpt: { 'refused@partner.test': '550 5.1.1 No such mailbox' }, content: '554 5.7.1 Not wanted' },
  });
  onTestFinished(() => sink.close());
  const gateway = await runningGateway({
    listeners: [{ id: 'strict' }, { id: 'lenient', bareNewline: 'normalize' }],
    brought: [rejecting],
    plugins: [{ use: 'rejecting' }],
    policy: { mailboxes: ['ann'] },
    nextHopPort: sink.port,
    zones: {
      'partner.test': { MX: [[10, 'mx.partner.test']] },
      'mx.partner.test': { A: ['127.0.0.1'] },
      'nowhere.test': 'nxdomain',
    },
  });
  return { gateway, sink };
}

/** Sends one. @returns its queue id, or what is wrong. */
async function send(client: SmtpClient, { octets }: Bounce): Promise<{ readonly id: string } | string> {
  const replies = await client.sayAll([
    'MAIL FROM:<> BODY=8BITMIME',
    'RCPT TO:<nobody@example.test> NOTIFY=FAILURE,SUCCESS',
    ...FAILING.map(address => `RCPT TO:<${address}> NOTIFY=FAILURE,SUCCESS`),
  ]);
  const codes = replies.map(({ code }) => code).join(' ');
  if (codes !== '250 550 250 250 250 250') return `the envelope was answered ${codes}`;
  const { code, text } = await client.data(octets);
  const [, id] = /queued as (\w+)/.exec(text) ?? [];
  return code === 250 && id !== undefined ? { id } : String(code);
}

/** RFC 5321 section 2.3.8: not to be sent, and refused by default. */
const BARE_NEWLINE = /\r(?!\n)|(?<!\r)\n|\0/;
const BARE_NEWLINE_REFUSED = '550';

const sources = corpusPresent ? bouncesBySource() : new Map<string, readonly Bounce[]>();

describeWithCorpus('reports of other people, from <>, to where nothing can be delivered', () => {
  test('are all of the corpus', () => {
    expect([...sources].map(([source, { length }]) => `${source} ${length}`)).toEqual([
      'dsn/chatmail-ndn 6',
      'dsn/kumomta-rfc3464/rfc3464 5',
      'dsn/kumomta-rfc3464/rfc5965 1',
      'dsn/mimekit 1',
      'dsn/postfix-bounce 7',
      'dsn/sisimai/mailbox 38',
      'dsn/sisimai/maildir/bsd 309',
      'dsn/sisimai/maildir/dos 36',
      'dsn/sisimai/maildir/err 16',
      'dsn/sisimai/maildir/mac 36',
      'dsn/sisimai/maildir/not 3',
    ]);
  });

  test.for([...sources])(
    '%s: nobody is told, nothing is delivered, and the log has it',
    { timeout: 120_000 },
    async ([source, bounces]) => {
      const { gateway, sink } = await failingGateway();
      const [strict, lenient] = [await smtpClient(gateway.port), await smtpClient(gateway.portOf('lenient'))];
      for (const client of [strict, lenient]) await client.say('EHLO client.test');
      const queued: { readonly name: string; readonly id: string }[] = [];
      const wrong: Verdict[] = [];
      for (const bounce of bounces) {
        const { name, octets } = bounce;
        const isBare = BARE_NEWLINE.test(octets.toString('latin1'));
        const refused = isBare ? await send(strict, bounce) : null;
        if (refused !== null && refused !== BARE_NEWLINE_REFUSED) wrong.push({ id: name, deviation: 'taken as it is' });
        const taken = await send(isBare ? lenient : strict, bounce);
        if (typeof taken === 'string') wrong.push({ id: name, deviation: taken });
        else queued.push({ name, id: taken.id });
      }
      await gateway.outcomes('bounced', queued.length * FAILING.length);

      const { log, engine } = gateway;
      const bounced = Map.groupBy(log.of('bounced'), ({ fields }) => fields.queueId);
      const undeliverable = Map.groupBy(log.of('given up'), ({ fields }) => fields.queueId);
      const verdicts = queued.map(({ name, id }) => {
        const recipients = (bounced.get(id) ?? []).map(({ fields }) => String(fields.recipient)).toSorted();
        const logged = (undeliverable.get(id) ?? []).length;
        const asItShould =
          JSON.stringify(recipients) === JSON.stringify(FAILING.toSorted()) && logged === FAILING.length;
        return { id: name, deviation: asItShould ? null : `bounced ${recipients.join()}, logged ${logged} times` };
      });
      tally(`${source}, from <>`, [...wrong, ...verdicts]);
      expect((await engine.queue.list({ after: null, limit: 10 })).entries).toEqual([]);
      expect(log.of('notified')).toEqual([]);
      expect(log.of('delivered')).toEqual([]);
      expect(sink.mails).toEqual([]);
      await expect(gateway.mailbox('ann')).rejects.toThrow('ENOENT');
    },
  );
});
