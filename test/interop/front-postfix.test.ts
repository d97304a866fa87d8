/** Postfix in front of the gateway says by XFORWARD where each mail came from. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithProgram, freePort, run } from '../support/external.ts';
import { describeWithPeer } from '../support/peers.ts';
import { POSTFIX, type Postfix, startPostfix } from '../support/postfix.ts';
import { until } from '../support/until.ts';
import { DOTTED, OCTETS } from './octets.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

describeWithProgram('swaks', 'swaks before Postfix', () => {
  describeWithPeer(POSTFIX, 'Postfix with smtp_send_xforward_command', () => {
    let port = 0;
    let postfix: Postfix | null = null;

    beforeAll(async () => {
      port = await freePort();
      const main = `relayhost = [127.0.0.1]:${port}\nsmtp_send_xforward_command = yes\n`;
      postfix = await startPostfix({ hostname: 'front.test', main });
    });
    afterAll(() => postfix?.stop());

    /** On the port that Postfix expects. */
    const gateway = (xforward: readonly string[]) =>
      runningGateway({ listeners: [{ id: 'inbound', port, trust: { xforward } }] });

    const inFront = () => {
      if (postfix === null) throw new Error('Postfix does not run');
      return postfix;
    };

    /** Gives Postfix a mail as a client with an address of its own. */
    async function send(): Promise<void> {
      const server = ['--server', '127.0.0.1', '--port', String(inFront().port), '--local-interface', '127.0.0.2'];
      const mail = ['--helo', 'there.test', '--from', 'ann@client.test', '--to', 'bob@example.test', '--data', '-'];
      expect(await run('swaks', [...server, ...mail, '--no-data-fixup'], { input: DOTTED })).toMatchObject({ code: 0 });
    }

    /** The fields of the line that says that the mail is accepted. */
    async function accepted(its: RunningGateway): Promise<Readonly<Record<string, unknown>>> {
      return until(() => {
        const [line] = its.log.of('accepted');
        if (line === undefined) throw new Error(its.log.text());
        return line.fields;
      });
    }

    test('names the client that it had, and the mail as its own log does', async () => {
      const its = await gateway(['127.0.0.1']);
      await send();
      expect(await accepted(its)).toMatchObject({
        client: '127.0.0.1',
        forwarded: {
          address: '127.0.0.2',
          port: expect.any(Number),
          protocol: 'ESMTP',
          helo: 'there.test',
          ident: expect.stringMatching(/^[0-9A-Z]+$/i),
          source: 'remote',
        },
      });
      const { forwarded } = await accepted(its);
      const { ident } = forwarded as { readonly ident: string };
      expect(await inFront().log()).toContain(`${ident}: client=unknown[127.0.0.2]`);
      expect((await its.mails('bob', 1))[0]?.content).toMatch(/^Received: from front\.test \(\[127\.0\.0\.1\]\)\n/);
    });

    test('says that a mail is its own', async () => {
      const its = await gateway(['127.0.0.1']);
      const sent = await inFront().command('sendmail', ['-i', '-f', 'ann@client.test', 'bob@example.test'], {
        input: OCTETS,
      });
      expect(sent).toMatchObject({ code: 0 });
      expect(await accepted(its)).toMatchObject({ forwarded: { source: 'local' } });
    });

    test('says nothing where it is not listed', async () => {
      const its = await gateway(['192.0.2.20']);
      await send();
      expect(await accepted(its)).not.toHaveProperty('forwarded');
      expect(its.log.text()).not.toContain('127.0.0.2');
    });
  });
});
