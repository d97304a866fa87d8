/** Real zones, a validating resolver, Postfix as the next hop: what DNSSEC vouches for is insisted on, and nothing else. */
import { createHash, X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemResolver } from '../../core/system/resolver.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { selfSigned } from '../support/certificate.ts';
import { freePort } from '../support/external.ts';
import { describeWithPeer, type Peer } from '../support/peers.ts';
import { POSTFIX, type Postfix, startPostfix } from '../support/postfix.ts';
import { SIGNED_DNS, type SignedDns, startSignedDns } from '../support/signed-dns.ts';
import { arrived } from './postfix-chain.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

const BOTH: Peer = {
  name: `${SIGNED_DNS.name}, or ${POSTFIX.name}`,
  probe: ['sh', '-c', `${SIGNED_DNS.probe.at(-1)} && ${POSTFIX.probe.at(-1)}`],
};

const OWN = selfSigned('mail.signed.test');
const digest = ({ cert }: { readonly cert: string }) =>
  createHash('sha256')
    .update(new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
const RIGHT = digest(OWN);
const WRONG = digest(selfSigned('mail.signed.test'));

describeWithPeer(BOTH, 'routing by signed zones', () => {
  let dns: SignedDns | null = null;
  let postfix: Postfix | null = null;
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    const host = (tlsa: string) =>
      `@ IN MX 10 mail\nmail IN A 127.0.0.1\n_${port}._tcp.mail IN TLSA 3 1 1 ${tlsa}\nnomail IN MX 0 .`;
    dns = await startSignedDns([
      { name: 'signed.test', trust: 'signed', records: `${host(RIGHT)}\nalias IN CNAME signed.test.` },
      { name: 'rolled.test', trust: 'signed', records: host(WRONG) },
      { name: 'plain.test', trust: 'unsigned', records: host(WRONG) },
      { name: 'forged.test', trust: 'forged', records: host(WRONG) },
      { name: 'long.test', trust: 'signed', records: `@ IN MX 10 mail.signed.test.\n${longText()}` },
    ]);
    postfix = await startPostfix({
      hostname: 'mail.signed.test',
      port,
      domains: ['signed.test', 'alias.signed.test', 'rolled.test', 'plain.test', 'forged.test', 'long.test'],
      files: { 'cert.pem': OWN.cert, 'key.pem': OWN.key },
      main: 'smtpd_tls_security_level = may\nsmtpd_tls_cert_file = $config_directory/cert.pem\nsmtpd_tls_key_file = $config_directory/key.pem\nsmtpd_tls_received_header = yes\n',
    });
  });

  afterAll(async () => {
    await postfix?.stop();
    await dns?.stop();
  });

  const running = () => {
    if (dns === null || postfix === null) throw new Error('nothing runs before the first test');
    return { dns, postfix };
  };

  const resolver = () => systemResolver({ servers: [running().dns.address], dnssec: 'trusted' });

  const gateway = (): Promise<RunningGateway> =>
    runningGateway({ resolver: { servers: [running().dns.address], dnssec: 'trusted' }, routing: { port } });

  async function send(between: RunningGateway, to: string): Promise<void> {
    const client = await smtpClient(between.port);
    await client.sayAll(['EHLO client.test', 'MAIL FROM:<ann@example.test>', `RCPT TO:<${to}>`]);
    expect(await client.data('Subject: x\r\n\r\nx\r\n')).toMatchObject({ code: 250 });
    await client.close();
  }

  test('the resolver knows what is signed, what is not, and what was changed on its way', async () => {
    const asked = resolver();
    const lookUp: typeof asked.lookUp = (...question) => asked.lookUp(...question);
    const name = `_${port}._tcp.mail`;
    expect(await lookUp('signed.test', 'MX')).toMatchObject({
      answer: { kind: 'found', records: [{ exchange: 'mail.signed.test', preference: 10 }] },
      dnssec: 'secure',
    });
    expect(await lookUp(`${name}.signed.test`, 'TLSA')).toMatchObject({
      answer: { records: [{ usage: 3, selector: 1, matchingType: 1, data: RIGHT }] },
      dnssec: 'secure',
    });
    expect(await lookUp('missing.signed.test', 'MX')).toMatchObject({
      answer: { kind: 'no-such-domain' },
      dnssec: 'secure',
    });
    expect(await lookUp('mail.signed.test', 'MX')).toMatchObject({ answer: { kind: 'no-records' }, dnssec: 'secure' });
    expect(await lookUp('alias.signed.test', 'MX')).toMatchObject({ name: 'signed.test', dnssec: 'secure' });
    expect(await lookUp(`${name}.plain.test`, 'TLSA')).toMatchObject({ answer: { kind: 'found' }, dnssec: 'insecure' });
    expect(await lookUp('mail.forged.test', 'A')).toMatchObject({ answer: { kind: 'unavailable' } });
    expect(await lookUp('nomail.signed.test', 'MX')).toMatchObject({ answer: { records: [{ exchange: '' }] } });
  });

  test('an answer that does not fit into a datagram comes over TCP', async () => {
    const answer = await resolver().txt('long.test');
    expect(answer.kind === 'found' && answer.records).toHaveLength(20);
  });

  test('DANE: mail goes to Postfix with the certificate that its zone names, and that is counted', async () => {
    const between = await gateway();
    await send(between, 'dane@signed.test');
    const [mail] = await arrived(running().postfix, 'dane@signed.test');
    expect(mail?.content).toMatch(/^Received: .*\n\t\(using TLSv1\.3 /);
    await between.engine.close();
    const folder = join(between.folder, 'var/tlsrpt');
    const [day = ''] = await readdir(folder);
    expect(JSON.parse(await readFile(join(folder, day), 'utf8'))).toMatchObject([
      {
        policy: { 'policy-type': 'tlsa', 'policy-domain': 'signed.test', 'mx-host': ['mail.signed.test'] },
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
      },
    ]);
  });

  test('DANE: behind an alias of the domain too', async () => {
    const between = await gateway();
    await send(between, 'alias@alias.signed.test');
    await arrived(running().postfix, 'alias@alias.signed.test');
  });

  test('impostor: mail does not go to Postfix with another certificate than the zone names', async () => {
    const between = await gateway();
    await send(between, 'dane@rolled.test');
    await between.outcomes('deferred', 1);
    expect(String(between.log.of('deferred')[0]?.fields.reply)).toMatch(/ 4\.7\.5 /);
  });

  test('forged TLSA without a signature: it demands nothing, and the mail goes', async () => {
    const between = await gateway();
    await send(between, 'plain@plain.test');
    await arrived(running().postfix, 'plain@plain.test');
  });

  test('forged addresses in a signed zone: nothing goes there, and nothing comes back', async () => {
    const between = await gateway();
    await send(between, 'forged@forged.test');
    await between.outcomes('deferred', 1);
    expect(String(between.log.of('deferred')[0]?.fields.reply)).toMatch(/ 4\.4\.3 /);
  });

  test('a domain that is not there bounces, and so does one that takes no mail', async () => {
    const between = await gateway();
    await send(between, 'x@missing.signed.test');
    await send(between, 'x@nomail.signed.test');
    await between.outcomes('bounced', 2);
    const replies = between.log.of('bounced').map(({ fields }) => String(fields.reply));
    expect(replies.some(reply => / 5\.1\.2 /.test(reply))).toBe(true);
    expect(replies.some(reply => / 5\.1\.10 /.test(reply))).toBe(true);
  });
});

function longText(): string {
  return Array.from({ length: 20 }, (_, index) => `@ IN TXT "${index} ${'x'.repeat(200)}"`).join('\n');
}
