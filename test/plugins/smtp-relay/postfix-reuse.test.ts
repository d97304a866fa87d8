/** Kept sessions with a next hop that nobody here wrote: Postfix, which counts in its log what a session brought. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';
import { freePort } from '../../support/external.ts';
import { describeWithPeer } from '../../support/peers.ts';
import { POSTFIX, type Postfix, startPostfix } from '../../support/postfix.ts';
import { until } from '../../support/until.ts';
import { MX, relaying } from './relaying.ts';

const CERTIFICATE = selfSigned('mx.test');

describeWithPeer(POSTFIX, 'Postfix as the next hop', () => {
  let postfix: Postfix;
  /** Idle sessions are closed soon there. */
  let impatientPort: number;

  beforeAll(async () => {
    impatientPort = await freePort();
    postfix = await startPostfix({
      hostname: 'mx.test',
      domains: ['example.test'],
      main: `smtpd_tls_cert_file = $config_directory/tls.pem
smtpd_tls_key_file = $config_directory/tls.pem
smtpd_tls_security_level = may
smtpd_recipient_limit = 2
smtpd_recipient_restrictions = check_recipient_access inline:{nobody@example.test=REJECT}, permit`,
      master: `127.0.0.1:${impatientPort} inet n - n - - smtpd -o smtpd_timeout=1s
`,
      files: { 'tls.pem': CERTIFICATE.cert + CERTIFICATE.key },
    });
  });
  afterAll(() => postfix?.stop());

  const sessions = async () =>
    (await postfix.log()).split('\n').filter(line => line.includes('disconnect from') && line.includes('mail='));

  /** The relay to it, and what it says of the sessions from now on. */
  async function watched(port = postfix.port) {
    const before = (await sessions()).length;
    const settings = { hosts: { '192.0.2.1:25': port }, files: { 'ca.pem': CERTIFICATE.cert } };
    const relay = await relaying({ tls: 'verified', authorities: 'ca.pem' }, settings);
    const outcomes = (delivery: object = {}) => relay.outcomes({ hosts: [MX], ...delivery });
    const ended = (count: number) =>
      until(async () => {
        const found = (await sessions()).slice(before);
        expect(found, await postfix.log()).toHaveLength(count);
        return found;
      });
    return { ...relay, outcomes, ended };
  }

  test('takes several mails in one session, after a transaction that came to nothing too', async () => {
    const { outcomes, close, ended } = await watched();
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(await outcomes({ to: 'nobody@example.test' })).toMatchObject({ 'nobody@example.test': { kind: 'bounced' } });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    await close();
    expect((await ended(1))[0]).toMatch(/ starttls=1 mail=3 rcpt=2\/3 data=2\/3 rset=1 quit=1 /);
  });

  test('finds recipients too many, and gets them in the next transactions', async () => {
    const { outcomes, close, ended } = await watched();
    const all = await outcomes({ to: ['a', 'b', 'c', 'd', 'e'].map(name => `${name}@example.test`) });
    expect(Object.values(all).map(({ kind }) => kind)).toEqual(Array(5).fill('delivered'));
    await close();
    expect((await ended(1))[0]).toMatch(/ mail=3 rcpt=8 data=3 quit=1 /);
  });

  test('has closed an idle session by itself: the next mail goes over a new one', async () => {
    const { outcomes, ended } = await watched(impatientPort);
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect((await ended(1))[0]).not.toMatch(/quit=/);
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
  });
});
