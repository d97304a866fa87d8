/** Postfix before and behind the gateway: every hop encrypted, every certificate verified, or no mail moves. */
import { expect, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX, type Postfix } from '../support/postfix.ts';
import { until } from '../support/until.ts';
import { arrived, chainForAll, parted, send } from './postfix-chain.ts';

describeWithPeer(POSTFIX, 'TLS from Postfix to Postfix', () => {
  const chain = chainForAll();

  test('the trace field of every hop says ESMTPS, and Postfix says that it has verified us', async () => {
    const { a, b, gateway, quiet } = chain();
    const between = await gateway();
    await send(a.port, { to: ['tls@b.test'], content: 'Subject: x\r\n\r\nx\r\n' });
    const [mail] = await arrived(b, 'tls@b.test');
    const { trace, below } = parted(mail?.content ?? '');
    expect(trace).toEqual([
      expect.stringMatching(/^Received: from mx\.example\.test .* by mail\.b\.test \(Postfix\) with ESMTPS id /),
      expect.stringMatching(/^Received: from mail\.a\.test \(\[127\.0\.0\.1\]\) by mx\.example\.test with ESMTPS id /),
      expect.stringMatching(/^Received: from client\.test .* by mail\.a\.test \(Postfix\) with ESMTPS id /),
    ]);
    expect(below).toBe('Subject: x\n\nx\n');
    expect(await a.log()).toMatch(/smtp\[\d+\]: Verified TLS connection established to 127\.0\.0\.1\[127\.0\.0\.1\]/);
    await quiet(between);
  });

  test('downgrade: without STARTTLS from us Postfix keeps the mail, and delivers it when it is offered', async () => {
    const { a, b, gateway, quiet } = chain();
    const plain = await gateway({ listeners: [{ id: 'inbound', tls: undefined }] });
    await send(a.port, { to: ['downgrade@b.test'], content: 'Subject: x\r\n\r\nx\r\n' });
    await deferredAt(a, /TLS is required, but was not offered/);
    await plain.engine.close();
    expect(plain.log.of('accepted')).toEqual([]);
    const between = await gateway();
    await a.flush();
    await arrived(b, 'downgrade@b.test');
    await quiet(between);
    expect(await arrived(b, 'downgrade@b.test')).toHaveLength(1);
  });

  test('impostor: with another certificate we get no mail from Postfix', async () => {
    const { a, b, gateway, quiet } = chain();
    const { cert, key } = selfSigned('mx.example.test');
    const tls = { cert: './impostor.pem', key: './impostor-key.pem' };
    const files = { 'impostor.pem': cert, 'impostor-key.pem': key };
    const impostor = await gateway({ listeners: [{ id: 'inbound', tls }], files });
    await send(a.port, { to: ['impostor@b.test'], content: 'Subject: x\r\n\r\nx\r\n' });
    await deferredAt(a, /certificate not trusted|not verified/);
    await impostor.engine.close();
    expect(impostor.log.of('accepted')).toEqual([]);
    const between = await gateway();
    await a.flush();
    await quiet(between);
    expect(await arrived(b, 'impostor@b.test')).toHaveLength(1);
  });

  test('impostor: Postfix with a certificate that we do not trust, or for another name, gets no mail from us', async () => {
    const { a, b, gateway } = chain();
    const { cert } = selfSigned('mail.b.test');
    const hosts = [`mail.c.test:${b.port}`];
    const between = await gateway({
      routes: [{ when: { recipient: 'name@b.test' }, deliver: 'internet', hosts }],
      zones: { 'mail.c.test': { A: ['127.0.0.1'] } },
    });
    await send(a.port, { to: ['name@b.test'], content: 'Subject: x\r\n\r\nx\r\n' });
    await between.outcomes('deferred', 1);
    await between.engine.close();
    const distrustful = await gateway({
      relay: { tls: 'verified', authorities: './other.pem' },
      files: { 'other.pem': cert },
    });
    await send(a.port, { to: ['authority@b.test'], content: 'Subject: x\r\n\r\nx\r\n' });
    await distrustful.outcomes('deferred', 1);
    for (const { log } of [between, distrustful])
      expect(String(log.of('deferred')[0]?.fields.reply)).toMatch(/ 4\.7\.5 /);
    const mails = await b.mailbox();
    expect(mails.filter(({ deliveredTo }) => /^(?:name|authority)@/.test(deliveredTo))).toEqual([]);
  });

  async function deferredAt({ queue }: Postfix, reason: RegExp): Promise<void> {
    await until(async () =>
      expect(await queue()).toMatchObject([
        { queue: 'deferred', recipients: [{ reason: expect.stringMatching(reason) }] },
      ]),
    );
  }
});
