import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  contentOf,
  definePlugin,
  deliveredTo,
  discard,
  FILES,
  hold,
  NETWORK,
  note,
  PROCESSES,
  reject,
  reportAll,
  rewrite,
  WEB,
} from 'mailframe';
import { describe, expect, test } from 'vitest';
import { folderState } from './folder-state.ts';
import { lastReply, staged } from './staging.ts';

const never = new AbortController().signal;

/** Does all that a plugin can do through its ports. */
const busybody = definePlugin({
  name: 'busybody',
  needs: { files: FILES, network: NETWORK, processes: PROCESSES, web: WEB },
  create: ({ files, network, processes, web }) => ({
    start: () => files.makeDirectory('state'),
    async data({ mail }) {
      const seen = await files.list('state');
      await files.append('state/seen', Buffer.from(`${mail.content.size}\n`));
      await files.replace('state/table', Buffer.from('new'));
      await files.rename('here', 'state/moved');
      await network.connect({ address: '192.0.2.9', port: 783, timeout: 1000 }, never).catch(() => undefined);
      const run = { program: '/bin/touch', args: ['touched'], env: {}, directory: '/', user: null, group: null };
      await processes.run({ ...run, outputLimit: 10 }, mail.content.stream(), never).catch(() => undefined);
      await web.get({ url: new URL('https://host.test/list'), maxSize: 10, timeout: 1000, authorities: null }, never);
      const text = (await files.read('state/seen')).toString();
      return rewrite(contentOf(`X-Seen: ${seen.join()} ${text.split('\n').length - 1}\r\n\r\nbody\r\n`));
    },
  }),
});

describe('threat: a rehearsal that acts', () => {
  test('whatever a plugin does through its ports is kept from the world, works for the plugin, and is told', async () => {
    const { folder, rehearse } = await staged(['use: busybody'], { plugins: [busybody] });
    await writeFile(join(folder, 'here'), 'x');
    const before = await folderState(folder);
    const { withheld, mails, verdict } = await rehearse();
    expect(await folderState(folder)).toEqual(before);
    expect(verdict).toBe('accepted');
    expect((await mails[0]?.mail.content.bytes())?.toString()).toContain('X-Seen:  1');
    const told = withheld.map(one => `${one.kind} ${'path' in one ? one.path : one.what}`);
    expect(told).toEqual([
      'connect 192.0.2.9:783',
      'run /bin/touch touched',
      'fetch https://host.test/list',
      `remove ${folder}/here`,
      `write ${folder}/state/moved`,
      `write ${folder}/state/seen`,
      `write ${folder}/state/table`,
    ]);
  });

  test('messages at the same time see nothing of what the others would have written', async () => {
    const { folder, rehearse } = await staged(['use: busybody'], { plugins: [busybody] });
    await writeFile(join(folder, 'here'), 'x');
    const all = await Promise.all(Array.from({ length: 5 }, () => rehearse()));
    for (const { mails, withheld } of all) {
      expect((await mails[0]?.mail.content.bytes())?.toString()).toContain('X-Seen:  1');
      expect(withheld).toHaveLength(7);
    }
  });

  test('a transport that does not say what it would do is not asked to do it', async () => {
    let delivered = 0;
    const silent = definePlugin({
      name: 'silent',
      delivers: 'here',
      create: () => ({
        route: () => undefined,
        deliver({ recipients }) {
          delivered += 1;
          return reportAll(recipients, deliveredTo('the world'));
        },
      }),
    });
    const lead = definePlugin({
      name: 'lead',
      create: () => ({
        rcpt: ({ recipient: { forwardPath } }) => ({
          kind: 'expand',
          to: [{ to: forwardPath, via: 'lead', target: { transport: 'silent', argument: 'x' } }],
        }),
      }),
    });
    const { rehearse } = await staged(['use: lead', 'use: silent'], { plugins: [silent, lead] });
    const { verdict, mails } = await rehearse();
    expect([verdict, delivered]).toEqual(['accepted', 0]);
    expect(mails[0]?.deliveries).toMatchObject([{ transport: 'silent', told: 'untold', previews: [] }]);
  });

  test('observers hear nothing: it has not happened', async () => {
    const heard: string[] = [];
    const observer = definePlugin({
      name: 'observer',
      create: () => ({
        observe: {
          accepted: () => void heard.push('accepted'),
          delivered: () => void heard.push('delivered'),
          refused: () => void heard.push('refused'),
        },
      }),
    });
    const { rehearse } = await staged(['use: observer'], { plugins: [observer] });
    expect(await rehearse({ to: ['ann@example.test', 'bob@far.test'] })).toMatchObject({ verdict: 'refused' });
    expect(heard).toEqual([]);
  });
});

describe('what comes of it', () => {
  const answering = (name: string, answer: ReturnType<typeof hold | typeof discard | typeof reject>) =>
    definePlugin({ name, create: () => ({ data: () => answer }) });

  test('mail that is held is not attempted, and is what the gateway wants', async () => {
    const plugins = [answering('holder', hold('looks odd'))];
    const { verdict, mails } = await (await staged(['use: holder'], { plugins })).rehearse();
    expect([verdict, mails[0]?.fate]).toEqual(['accepted', { kind: 'hold', by: 'holder', reason: 'looks odd' }]);
    expect(mails[0]).toMatchObject({ deliveries: [], recipients: [{ outcome: null }] });
  });

  test('mail that is thrown away is shown, with who does it', async () => {
    const plugins = [answering('thrower', discard('spam'))];
    const { verdict, mails } = await (await staged(['use: thrower'], { plugins })).rehearse();
    expect([verdict, mails[0]?.fate]).toEqual(['accepted', { kind: 'discard', by: 'thrower', reason: 'spam' }]);
  });

  test('a bounce after acceptance is a refusal, and its sender would be told', async () => {
    const { rehearse, folder } = await staged();
    await mkdir(join(folder, 'mail'));
    await writeFile(join(folder, 'mail/ann'), Buffer.alloc(1024 * 1024, 'x'));
    const { verdict, mails, recipients } = await rehearse();
    expect(verdict).toBe('refused');
    expect(recipients[0]).toMatchObject({ verdict: 'refused', reply: { code: 250 } });
    expect(mails[0]?.recipients[0]?.outcome).toMatchObject({ kind: 'bounced', reply: { status: '5.2.2' } });
    const [notification] = mails[0]?.notifications ?? [];
    expect(notification?.envelope.recipients[0]?.forwardPath).toMatchObject({ localPart: 'eve' });
    expect((await notification?.content.bytes())?.toString()).toContain('Mailbox is full');
  });

  test('mail that has been in the mailbox before is a loop', async () => {
    const content = contentOf('Delivered-To: ann@example.test\r\n\r\nbody\r\n');
    const { mails } = await (await staged()).rehearse({ content });
    expect(mails[0]?.recipients[0]?.outcome).toMatchObject({ kind: 'bounced', reply: { status: '5.4.6' } });
  });

  test('a mailbox that is a link waits for a person', async () => {
    const { rehearse, folder } = await staged();
    await mkdir(join(folder, 'mail/ann'), { recursive: true });
    const { verdict, mails } = await rehearse();
    expect(verdict).toBe('deferred');
    expect(mails[0]?.recipients[0]?.outcome).toMatchObject({ kind: 'deferred', reply: { status: '4.3.5' } });
  });

  test('recipients whose content meets other plugins come in another transaction, as a client would bring them', async () => {
    const tag = definePlugin({ name: 'tag', create: () => ({ data: () => rewrite(contentOf('X: y\r\n\r\nz\r\n')) }) });
    const { rehearse } = await staged(['{ use: tag, when: { recipient: bob@example.test } }'], { plugins: [tag] });
    const { verdict, exchanges, mails, recipients } = await rehearse({ to: ['ann@example.test', 'bob@example.test'] });
    expect(exchanges.map(({ stage, replies }) => `${stage} ${replies[0]?.code}`)).toEqual([
      'connect 220',
      'helo 250',
      'mail 250',
      'rcpt 250',
      'rcpt 452',
      'content 250',
      'mail 250',
      'rcpt 250',
      'content 250',
    ]);
    expect([verdict, mails.length]).toEqual(['accepted', 2]);
    expect(recipients.map(({ leadsTo }) => leadsTo.length)).toEqual([1, 1]);
  });

  test('a change by middleware is told, with who made it, and reaches the transport', async () => {
    const sealing = definePlugin({
      name: 'sealing',
      create: () => ({
        surrounds: ['deliver'],
        around: (call, next) =>
          call.hook === 'deliver'
            ? next({
                ...call.subject,
                mail: { ...call.subject.mail, content: contentOf('X-Sealed: yes\r\n\r\nseal\r\n') },
              })
            : next(),
      }),
    });
    const { rehearse } = await staged(['use: sealing'], { plugins: [sealing] });
    const [delivery] = (await rehearse()).mails[0]?.deliveries ?? [];
    expect(delivery?.revisions).toMatchObject([
      {
        plugin: 'sealing',
        difference: { header: expect.arrayContaining([{ kind: 'added', name: 'X-Sealed', value: 'yes' }]) },
      },
    ]);
    expect((await delivery?.previews[0]?.content.bytes())?.toString()).toMatch(/^X-Sealed: yes\n\nseal\n$/m);
  });

  test('a plugin that cannot start without the world is named, and asked all the same', async () => {
    const needy = definePlugin({
      name: 'needy',
      needs: { network: NETWORK },
      create: ({ network }) => ({
        start: () => network.connect({ socket: '/run/db', timeout: 1 }, never).then(() => undefined),
        connect: () => note({ asked: true }),
      }),
    });
    const { stage, rehearse } = await staged(['use: needy'], { plugins: [needy] });
    expect(stage.unready).toMatchObject([{ plugin: 'needy', cause: expect.stringContaining('connect to /run/db') }]);
    expect((await rehearse()).exchanges[0]?.steps).toMatchObject([{ plugin: 'needy', answer: 'note' }]);
  });

  test('what the engine refuses is a step like any other', async () => {
    const { rehearse } = await staged([], { listener: 'maxSize: 1 KiB' });
    const { exchanges, verdict, mails } = await rehearse({
      content: contentOf(`Subject: x\r\n\r\n${'x'.repeat(2000)}\r\n`),
    });
    expect([verdict, mails]).toEqual(['refused', []]);
    expect(exchanges.at(-1)).toMatchObject({
      stage: 'mail',
      replies: [{ code: 552 }],
      steps: [{ plugin: 'mailframe', answer: 'reject', hook: 'mail' }],
    });
  });

  test('a listener that is not there is named, with those that are', async () => {
    const { rehearse } = await staged();
    await expect(rehearse({ listener: 'inbond' })).rejects.toThrow('did you mean "inbound"');
  });
});

describe('a client that has to say who it is', () => {
  const LISTENER = 'tls: { cert: ./cert.pem, key: ./key.pem }, auth: required';
  const submission = () => staged(['{ use: users, options: { file: ./users } }'], { listener: LISTENER });

  test('and does not is refused at MAIL', async () => {
    const rehearsed = await (await submission()).rehearse();
    expect([rehearsed.verdict, lastReply(rehearsed)]).toEqual(['refused', expect.stringMatching(/^530 5\.7\.0/)]);
  });

  test('is believed, over TLS, and may send anywhere', async () => {
    const { verdict, session, exchanges, mails } = await (await submission()).rehearse({
      user: 'eve',
      to: ['bob@far.test'],
    });
    expect(verdict).toBe('accepted');
    expect(session).toMatchObject({ user: 'eve', tls: { version: 'TLSv1.3' } });
    expect(exchanges.map(({ stage }) => stage)).toEqual([
      'connect',
      'helo',
      'tls',
      'helo',
      'auth',
      'mail',
      'rcpt',
      'content',
    ]);
    expect(mails[0]?.trace[0]).toMatchObject({ hook: 'auth', answer: 'authenticated' });
    const received = (await mails[0]?.mail.content.bytes())?.toString() ?? '';
    expect(received).toContain('with ESMTPSA id');
    expect(received).toMatch(/^Message-ID: /m);
  });

  test('cannot without TLS where a password would be read', async () => {
    const rehearsed = await (await submission()).rehearse({ user: 'eve', tls: 'off' });
    expect([rehearsed.verdict, lastReply(rehearsed)]).toEqual(['refused', expect.stringMatching(/^538|^530/)]);
  });

  test('by a certificate, and has none, is refused', async () => {
    const listener =
      'tls: { cert: ./cert.pem, key: ./key.pem, clients: { authorities: ./cert.pem, certificate: required } }';
    const { rehearse } = await staged([], { listener });
    expect(lastReply(await rehearse({ tls: 'off' }))).toMatch(/^530 5\.7\.0/);
    expect(lastReply(await rehearse({ tls: 'on' }))).toMatch(/^530|^550|^554/);
    const certificate = { commonName: 'client', names: [], fingerprint: 'ab' };
    expect(await rehearse({ tls: 'on', certificate })).toMatchObject({ verdict: 'accepted' });
  });
});
