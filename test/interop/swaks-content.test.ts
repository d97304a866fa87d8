/** What swaks sends, however it sends it, arrives as it was sent, to the octet. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dnsServer } from '../support/dns-server.ts';
import { describeWithPeer, type Peer } from '../support/peers.ts';
import { pythonReads } from '../support/python-email.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { expectUnchanged } from './octets.ts';
import { belowReceived, runningGateway } from './running-gateway.ts';
import { AS_IT_IS, codesHeard, EXIT, sentLines, sentMail, swaks } from './swaks.ts';

const SWAKS: Peer = {
  name: 'swaks with libnet-dns-perl and libio-socket-inet6-perl',
  probe: ['perl', '-MNet::DNS', '-MIO::Socket::INET6', '-e', 'exit system("command -v swaks >/dev/null") >> 8'],
};

describeWithPeer(SWAKS, 'what swaks sends', () => {
  test.each([
    { how: 'command by command', args: [], protocol: 'ESMTP' },
    { how: 'pipelined', args: ['--pipeline'], protocol: 'ESMTP' },
    { how: 'after HELO', args: ['--protocol', 'SMTP'], protocol: 'SMTP' },
  ])('$how', async ({ args, protocol }) => {
    const gateway = await runningGateway();
    const ended = await swaks(gateway.port, [...AS_IT_IS, ...args]);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    expect(codesHeard(ended)).toEqual([220, 250, 250, 250, 354, 250, 221]);
    const mails = await gateway.mails('bob', 1);
    expectUnchanged(mails);
    expect(mails[0]).toMatchObject({
      fromLine: expect.stringMatching(/^From ann@client\.test /),
      added: [
        'Return-Path: <ann@client.test>',
        'Delivered-To: bob@example.test',
        expect.stringMatching(/^Delivery-date/),
      ],
      content: expect.stringContaining(`by mx.example.test with ${protocol} id`),
    });
  });

  test('pipelined to a hundred recipients', async () => {
    const gateway = await runningGateway();
    const names = Array.from({ length: 100 }, (_, number) => `bob${number}`);
    const to = names.map(name => `${name}@example.test`).join();
    const ended = await swaks(gateway.port, ['--pipeline', '--to', to, ...AS_IT_IS]);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    expect(codesHeard(ended)).toEqual([220, 250, 250, ...names.map(() => 250), 354, 250, 221]);
    for (const name of names) expectUnchanged(await gateway.mails(name, 1));
  });

  test('to several of whom one is named twice: every one has it once', async () => {
    const gateway = await runningGateway();
    const to = ['--to', 'bob@example.test,eve@example.test,bob@EXAMPLE.test'];
    expect(await swaks(gateway.port, [...to, ...AS_IT_IS])).toMatchObject({ code: EXIT.fine });
    expectUnchanged(await gateway.mails('eve', 1));
    expectUnchanged(await gateway.mails('bob', 1));
    await gateway.engine.close();
    expect(await gateway.mailbox('bob')).toHaveLength(1);
  });

  test('to an alias: whoever stands behind it has the mail', async () => {
    const gateway = await runningGateway({
      plugins: [{ use: 'alias-expansion', options: { file: './aliases', domains: ['example.test'] } }],
      files: { aliases: 'staff: bob, eve\n' },
    });
    expect(await swaks(gateway.port, ['--to', 'staff@example.test', ...AS_IT_IS])).toMatchObject({ code: EXIT.fine });
    for (const name of ['bob', 'eve']) {
      const mails = await gateway.mails(name, 1);
      expectUnchanged(mails);
      expect(mails[0]?.added.slice(1, 3)).toEqual([
        `Delivered-To: ${name}@example.test`,
        'X-Original-To: staff@example.test',
      ]);
    }
  });

  test('to where the client may not send: refused, and nothing is queued', async () => {
    const gateway = await runningGateway({ policy: { relayFor: ['192.0.2.0/24'] } });
    const ended = await swaks(gateway.port, ['--to', 'bob@elsewhere.test', ...AS_IT_IS]);
    expect(ended.stdout).toContain('<** 550 5.7.1 ');
    expect(ended.code).toBe(EXIT.rcpt);
    expect((await gateway.engine.queue.list({ after: null, limit: 10 })).entries).toEqual([]);
  });

  test('from nobody, to postmaster without a domain', async () => {
    const gateway = await runningGateway();
    const ended = await swaks(gateway.port, ['--from', '<>', '--to', 'Postmaster', ...AS_IT_IS]);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    expect(sentLines(ended)).toEqual(expect.arrayContaining(['MAIL FROM:<>', 'RCPT TO:<Postmaster>']));
    const mails = await gateway.mails('postmaster', 1);
    expectUnchanged(mails);
    expect(mails[0]?.added[0]).toBe('Return-Path: <>');
  });

  test.each([
    { what: 'lines of 998 octets', body: `${'x'.repeat(998)}\n`.repeat(10) },
    { what: 'lines that are longer than any machine must take', body: `${'x'.repeat(20_000)}\n`.repeat(3) },
    { what: 'lines of dots', body: '.\n..\n...\n. \n.x\n' },
    {
      what: 'every octet from 0x80',
      body: `${Array.from({ length: 128 }, (_, n) => String.fromCharCode(128 + n)).join('')}\n`,
    },
    { what: 'an empty body', body: '' },
    { what: 'empty lines at the end', body: 'x\n\n\n\n' },
  ])('$what: doubling of dots and line ends left to swaks', async ({ body }) => {
    const gateway = await runningGateway();
    const mail = `Subject: x\nX-Folded: one\n\ttwo\n\n${body}`;
    const file = join(await tempFolder(), 'mail');
    await writeFile(file, mail, 'latin1');
    expect(await swaks(gateway.port, ['--data', `@${file}`])).toMatchObject({ code: EXIT.fine, stderr: '' });
    const [arrived] = await gateway.mails('bob', 1);
    // swaks ends what has no empty line at its end with one.
    expect(belowReceived(arrived?.content ?? '').replace(/\n+$/, '\n')).toBe(mail.replace(/\n+$/, '\n'));
  });

  test.each([
    { what: 'its own mail', args: [] },
    {
      what: 'a body and fields',
      args: [
        '--body',
        'one\\n.\\ntwo\\n',
        '--header',
        'Subject: changed',
        '--add-header',
        'X-One: 1\\nX-Two: 2',
        '--h-X-Three',
        '3',
      ],
    },
  ])('$what: it arrives as its transcript has it', async ({ args }) => {
    const gateway = await runningGateway();
    const ended = await swaks(gateway.port, args);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    const [mail] = await gateway.mails('bob', 1);
    expect(belowReceived(mail?.content ?? '')).toBe(sentMail(ended));
  });

  test('--dump-mail: nothing is sent, and what it dumps can be', async () => {
    const gateway = await runningGateway();
    const { code, stdout } = await swaks(gateway.port, ['--dump-mail', '--body', 'one\\n.\\ntwo']);
    expect(code).toBe(EXIT.fine);
    // It lacks the end of its last line, and the final dot.
    const ended = await swaks(gateway.port, AS_IT_IS, { input: `${stdout}\n.` });
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    const [mail] = await gateway.mails('bob', 1);
    expect(belowReceived(mail?.content ?? '')).toBe(sentMail(ended));
    expect(sentMail(ended)).toContain('\n\none\n.\ntwo\n');
    await gateway.engine.close();
    expect(await gateway.mailbox('bob')).toHaveLength(1);
  });

  test('attachments', async () => {
    const gateway = await runningGateway();
    const folder = await tempFolder();
    const binary = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 7) % 256));
    await writeFile(join(folder, 'all.bin'), binary);
    const text = ['--attach-type', 'text/plain', '--attach-body', 'the text'];
    const html = ['--attach-type', 'text/html', '--attach-body', '<p>the text</p>'];
    const file = ['--attach', `@${folder}/all.bin`];
    const table = ['--attach-type', 'text/csv', '--attach-name', 'table.csv', '--attach', 'a,b\\n1,2\\n'];
    const ended = await swaks(gateway.port, [...text, ...html, ...file, ...table]);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    const [mail] = await gateway.mails('bob', 1);
    const content = belowReceived(mail?.content ?? '');
    expect(content).toBe(sentMail(ended));
    const read = pythonReads(Buffer.from(content, 'latin1'));
    expect(read).toMatchObject({
      type: 'multipart/mixed',
      defects: [],
      parts: [
        { type: 'multipart/alternative', parts: [{ type: 'text/plain' }, { type: 'text/html' }] },
        { type: 'application/octet-stream' },
        { type: 'text/csv' },
      ],
    });
    const encoded = /name="all\.bin"[^]*?\n\n([A-Za-z0-9+/=\n]+)/.exec(content)?.[1] ?? '';
    expect(Buffer.from(encoded, 'base64').equals(binary)).toBe(true);
  });

  test('over IPv6', async () => {
    const gateway = await runningGateway({ listeners: [{ id: 'inbound', address: '::1' }] });
    const ended = await swaks(gateway.port, ['-6', ...AS_IT_IS], { server: '::1' });
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    const mails = await gateway.mails('bob', 1);
    expectUnchanged(mails);
    expect(mails[0]?.content).toMatch(/^Received: from client\.test \((?:\S+ )?\[IPv6:::1\]\)\n/);
  });

  test('from another address of this machine', async () => {
    const gateway = await runningGateway();
    const ended = await swaks(gateway.port, ['--local-interface', '127.0.0.5', ...AS_IT_IS]);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    const [mail] = await gateway.mails('bob', 1);
    expect(mail?.content).toMatch(/^Received: from client\.test \((?:\S+ )?\[127\.0\.0\.5\]\)\n/);
  });

  test.each([
    { how: 'the domain of the recipient', args: [] },
    { how: '--copy-routing', args: ['--copy-routing', 'routed.test'] },
  ])('to where MX records lead it: by $how', async ({ args }) => {
    const gateway = await runningGateway();
    const zone = { MX: [[10, 'localhost']] } as const;
    const domain = args.length === 0 ? 'example.test' : 'routed.test';
    const dns = await dnsServer({ [domain]: zone, localhost: { A: ['127.0.0.1'] } });
    const [address = '', port = ''] = dns.address.split(':');
    const env = { RES_NAMESERVERS: address, RES_OPTIONS: `port:${port}` };
    const ended = await swaks(gateway.port, ['-4', ...args, ...AS_IT_IS], { server: null, env });
    await dns.close();
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    expect(dns.queries).toContain(`MX ${domain}`);
    expectUnchanged(await gateway.mails('bob', 1));
  });

  test('with what it asks about notifications, as far as its options let it', async () => {
    const gateway = await runningGateway();
    // What it is given ends inside the angle brackets that it writes itself; xtext may hold the last one.
    const from = 'ann@example.test> RET=HDRS ENVID=QQ+2B314';
    const to = 'bob@example.test> NOTIFY=SUCCESS ORCPT=rfc822;Bob@client.test';
    const ended = await swaks(gateway.port, ['--from', from, '--to', to, ...AS_IT_IS]);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    const [report] = await gateway.mails('ann', 1);
    const read = pythonReads(Buffer.from(report?.content ?? '', 'latin1'));
    const [about, recipient] = read.parts[1]?.parts ?? [];
    expect(about?.headers).toContainEqual(['Original-Envelope-Id', 'QQ+314>']);
    expect(recipient?.headers).toContainEqual(['Original-Recipient', 'rfc822; Bob@client.test>']);
    expect(recipient?.headers).toContainEqual(['Action', 'delivered']);
    expect(read.parts[2]?.type).toBe('text/rfc822-headers');
  });
});
