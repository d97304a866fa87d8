/** BDAT to a next hop that nobody here wrote: Postfix, which counts in its log what it was told. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contentOf } from '../../../core/index.ts';
import { selfSigned } from '../../support/certificate.ts';
import { freePort } from '../../support/external.ts';
import { describeWithPeer } from '../../support/peers.ts';
import { POSTFIX, type Postfix, startPostfix } from '../../support/postfix.ts';
import { until } from '../../support/until.ts';
import { MX, relaying } from './relaying.ts';

const CERTIFICATE = selfSigned('mx.test');
/** So much and no more is taken on the port that does not say so. */
const SMALL = 200_000;

describeWithPeer(POSTFIX, 'Postfix as the next hop', () => {
  let postfix: Postfix;
  let silentPort: number;

  beforeAll(async () => {
    silentPort = await freePort();
    postfix = await startPostfix({
      hostname: 'mx.test',
      domains: ['example.test'],
      main: `smtpd_tls_cert_file = $config_directory/tls.pem
smtpd_tls_key_file = $config_directory/tls.pem
smtpd_tls_security_level = may
smtpd_recipient_restrictions = check_recipient_access inline:{nobody@example.test=REJECT}, permit`,
      master: `127.0.0.1:${silentPort} inet n - n - - smtpd
  -o smtpd_discard_ehlo_keywords=size,starttls -o message_size_limit=${SMALL}
`,
      files: { 'tls.pem': CERTIFICATE.cert + CERTIFICATE.key },
    });
  });
  afterAll(() => postfix?.stop());

  /** One attempt, and what Postfix says of its session. */
  async function relayed(delivery: object, { port = postfix.port, tls = 'verified' } = {}) {
    const before = (await sessions()).length;
    const options = { chunking: 'offered', reuse: 'off', tls, authorities: 'ca.pem' };
    const files = { 'ca.pem': CERTIFICATE.cert };
    const { outcomes } = await relaying(options, { hosts: { '192.0.2.1:25': port }, files });
    const outcome = await outcomes({ hosts: [MX], ...delivery });
    const session = await until(async () => {
      const session = (await sessions())[before];
      if (session === undefined) throw new Error(await postfix.log());
      return session;
    });
    return { outcome, session };
  }

  const sessions = async () =>
    (await postfix.log()).split('\n').filter(line => line.includes('disconnect from') && line.includes('mail='));

  /** The mail with this subject as it was stored: with LF line ends, and without the trace field on top. */
  const stored = (subject: string) =>
    until(async () => {
      const mails = await postfix.mailbox();
      const found = mails.find(({ content }) => content.includes(`Subject: ${subject}\n`));
      if (found === undefined) throw new Error(`no mail ${subject}: ${await postfix.log()}`);
      return found.content.replace(/^Received: [^\n]*\n(?:[\t ][^\n]*\n)*/, '');
    });

  const lf = (octets: Buffer) => octets.toString('latin1').replaceAll('\r\n', '\n');

  test('gets a mail in one chunk, to the octet', async () => {
    const octets = Buffer.from('Subject: one\r\n\r\n.\r\n..\r\n.x\r\nGr\xfc\xdfe\r\nQUIT\r\n.\r\n', 'latin1');
    const { outcome, session } = await relayed({ content: contentOf(octets) });
    expect(outcome).toMatchObject({ 'bob@example.test': { kind: 'delivered', disposition: 'passed-on' } });
    expect(session).toMatch(/ starttls=1 mail=1 rcpt=1 bdat=1 quit=1 /);
    expect(await stored('one')).toBe(lf(octets));
  });

  test('gets a large mail in several chunks, to the octet', async () => {
    const line = `.${'x'.repeat(61)}\r\n`;
    const octets = Buffer.from(`Subject: many\r\n\r\n${line.repeat(50_000)}`);
    // Content from a spool file comes in pieces like these.
    const content = {
      ...contentOf(octets),
      async *stream() {
        for (let at = 0; at < octets.length; at += 65_536) yield octets.subarray(at, at + 65_536);
      },
    };
    const { outcome, session } = await relayed({ content });
    expect(outcome).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(session).toMatch(/ bdat=4 quit=1 /);
    expect((await stored('many')) === lf(octets)).toBe(true);
  });

  test('gets no octet of a mail whose recipients it all refuses', async () => {
    const { outcome, session } = await relayed({ to: 'nobody@example.test', content: 'Subject: none\n\nQUIT\n' });
    expect(outcome).toMatchObject({ 'nobody@example.test': { kind: 'bounced', reply: { code: 554 } } });
    expect(session).toMatch(/ mail=1 rcpt=0\/1 quit=1 /);
  });

  test('gets it for those whom it takes', async () => {
    const to = ['nobody@example.test', 'bob@example.test'];
    const { outcome, session } = await relayed({ to, content: 'Subject: some\n\nx\n' });
    expect(outcome).toMatchObject({
      'nobody@example.test': { kind: 'bounced' },
      'bob@example.test': { kind: 'delivered' },
    });
    expect(session).toMatch(/ mail=1 rcpt=1\/2 bdat=1 quit=1 /);
    expect(await stored('some')).toBe('Subject: some\n\nx\n');
  });

  test('that finds a chunk too large says so, and the mail comes back', async () => {
    const content = `Subject: large\n\n${`${'x'.repeat(62)}\n`.repeat(SMALL / 50)}`;
    const { outcome } = await relayed({ content }, { port: silentPort, tls: 'off' });
    expect(outcome).toMatchObject({ 'bob@example.test': { kind: 'bounced', reply: { status: '5.3.4' } } });
  });
});
