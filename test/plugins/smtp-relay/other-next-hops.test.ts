/** Next hops that nobody here wrote: Postfix's smtp-sink and aiosmtpd. */
import { expect, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';
import { describeWithProgram } from '../../support/external.ts';
import {
  AIOSMTPD,
  aiosmtpd,
  describeWithPeer,
  type NextHop,
  postfixSink,
  type TakenMail,
} from '../../support/peers.ts';
import { until } from '../../support/until.ts';
import { MX, relaying } from './relaying.ts';

const LATIN1 = Buffer.from('Subject: gr\xfc\xdfe\r\n\r\n.\r\n..dots\r\nFrom here\r\n\tlast\r\n', 'latin1');
const TWO = ['bob@example.test', '"carl c"@example.test'];

const LOST = expect.stringContaining('Connection lost: ') as string;
const IN_DOUBT = expect.stringContaining('it may have arrived') as string;

/** What a next hop has got, once it has got it. */
function taken(hop: NextHop): Promise<TakenMail> {
  return until(async () => {
    const [mail, ...others] = await hop.mails();
    expect(others).toEqual([]);
    if (mail === undefined) throw new Error('nothing has arrived');
    return mail;
  });
}

/** The outcomes of one attempt at a port of this machine. */
async function relayed(port: number, delivery: object, options: object = {}, files: Record<string, string> = {}) {
  const { outcomes } = await relaying(options, { hosts: { '192.0.2.1:25': port }, files });
  return outcomes({ hosts: [MX], ...delivery });
}

describeWithProgram('smtp-sink', "Postfix's smtp-sink", () => {
  test('takes a mail to the octet', async () => {
    const sink = await postfixSink();
    const outcomes = await relayed(sink.port, { to: TWO, content: LATIN1 });
    expect(Object.values(outcomes).map(outcome => outcome.kind)).toEqual(['delivered', 'delivered']);
    const mail = await taken(sink);
    expect(mail.recipients).toEqual(TWO.map(address => `<${address}>`));
    expect(mail.content).toBe(LATIN1.toString('latin1').replaceAll('\r\n', '\n'));
  });

  test('takes mail by LMTP, one after the other over one session, with a reply for each recipient', async () => {
    const sink = await postfixSink(['-L']);
    const { outcomes } = await relaying({ protocol: 'lmtp' }, { hosts: { '192.0.2.1:25': sink.port } });
    for (let count = 0; count < 3; count += 1) {
      const all = await outcomes({ hosts: [MX], to: TWO, content: LATIN1 });
      expect(Object.values(all).map(({ kind }) => kind)).toEqual(['delivered', 'delivered']);
    }
    await until(async () => expect(await sink.mails()).toHaveLength(3));
  });

  // The sink's options: -f and -r refuse a command for good and for now, -q hangs up at it, -p and -e offer less.
  test.each([
    { options: ['-r', 'mail'], want: { kind: 'deferred', reply: { code: 450, status: '4.3.0' } } },
    { options: ['-f', 'rcpt'], want: { kind: 'bounced', reply: { code: 500, status: '5.3.0' } } },
    { options: ['-r', 'data'], want: { kind: 'deferred', reply: { code: 450 } } },
    { options: ['-f', '.'], want: { kind: 'bounced', reply: { code: 500 } } },
    { options: ['-q', 'rcpt'], want: { kind: 'deferred', reply: { status: '4.4.2', text: LOST } } },
    { options: ['-q', '.'], want: { kind: 'deferred', reply: { status: '4.4.2', text: IN_DOUBT } } },
    { options: ['-r', 'connect'], want: { kind: 'deferred', reply: { code: 450 } } },
    { options: ['-p'], want: { kind: 'delivered', disposition: 'passed-on' } },
    { options: ['-e'], want: { kind: 'delivered', disposition: 'relayed' } },
  ])('with $options: $want', async ({ options, want }) => {
    const sink = await postfixSink(options);
    expect(await relayed(sink.port, {})).toMatchObject({ 'bob@example.test': want });
  });
});

describeWithPeer(AIOSMTPD, 'aiosmtpd', () => {
  test('a mail to the octet, and refuses recipients one by one', async () => {
    const hop = await aiosmtpd({ refuse: { 'dan@example.test': '550 5.1.1 No such mailbox' } });
    const outcomes = await relayed(hop.port, { to: ['bob@example.test', 'dan@example.test'], content: LATIN1 });
    expect(outcomes).toMatchObject({
      'bob@example.test': { kind: 'delivered', disposition: 'relayed' },
      'dan@example.test': { kind: 'bounced', reply: { code: 550, status: '5.1.1' } },
    });
    expect(await taken(hop)).toMatchObject({
      recipients: ['<bob@example.test>'],
      content: LATIN1.toString('latin1'),
      tls: false,
    });
  });

  test('internationalised mail', async () => {
    const hop = await aiosmtpd();
    const outcomes = await relayed(hop.port, { to: 'jörg@example.test', parameters: { smtpUtf8: true } });
    expect(outcomes).toMatchObject({ 'jörg@example.test': { kind: 'delivered' } });
    expect((await taken(hop)).from).toContain('SMTPUTF8');
  });

  test('a mail under TLS, its certificate verified', async () => {
    const certificate = selfSigned('mx.test');
    const hop = await aiosmtpd({ certificate });
    const options = { tls: 'verified', authorities: 'ca.pem' };
    const outcomes = await relayed(hop.port, {}, options, { 'ca.pem': certificate.cert });
    expect(outcomes).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect((await taken(hop)).tls).toBe(true);
  });
});
