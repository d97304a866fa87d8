/** The log of a whole gateway: what happened is there once, each line is about its mail, and nothing is there that is nobody's business. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEngine } from '../../core/engine.ts';
import {
  accept,
  bouncedBy,
  defer,
  deferredBy,
  definePlugin,
  deliveredTo,
  discard,
  hold,
  type Outcome,
  reject,
  report,
} from '../../core/index.ts';
import { CLOCK, LOG } from '../../core/plugin/ports.ts';
import { createLog } from '../../core/system/log.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { selfSigned } from '../support/certificate.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

/** Looked for in the log, as they are, in base64 and in quoted-printable. */
const CANARIES = [
  'PassWordCanary',
  'WrongCanary',
  'BodyCanary',
  'SubjectCanary',
  'HeaderCanary',
  'FileCanary',
  'NameCanary',
];

const judge = definePlugin({
  name: 'judge',
  create: () => ({
    rcpt: ({ recipient }) =>
      recipient.forwardPath.localPart === 'nobody' ? reject(550, '5.1.1', 'No such mailbox') : accept,
    async data({ mail }) {
      switch (mail.envelope.recipients[0]?.forwardPath.localPart) {
        case 'held':
          return hold('to be looked at');
        case 'discarded':
          return discard('seen before');
        case 'rejected':
          return reject(554, '5.7.1', 'Not wanted');
        case 'later':
          return defer(451, '4.7.1', 'Not now');
        case 'crash':
          // As a plugin may that expects a body of JSON: the engine of JavaScript quotes what it was given.
          JSON.parse(/^Body\w+/m.exec((await mail.content.bytes()).toString())?.[0] ?? '');
          return undefined;
        default:
          return undefined;
      }
    },
  }),
});

const FATES: Readonly<Record<string, Outcome>> = {
  deferred: deferredBy({ code: 451, status: '4.3.0', text: 'Try later' }, 'mx.far.test'),
  bounced: bouncedBy({ code: 550, status: '5.1.1', text: 'Gone away' }, 'mx.far.test'),
};

const fate = definePlugin({
  name: 'fate',
  delivers: 'here',
  create: () => ({
    deliver: ({ recipients }) =>
      report(new Map(recipients.map(one => [one, FATES[one.forwardPath.localPart] ?? deliveredTo('the sink')]))),
  }),
});

async function gateway() {
  const folder = await tempFolder();
  const { cert, key } = selfSigned('mx.example.test');
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  await writeFile(join(folder, 'users'), `ann:CRAM-MD5$${Buffer.from('PassWordCanary').toString('base64')}\n`, {
    mode: 0o600,
  });
  const file = join(folder, 'c.yaml');
  await writeFile(
    file,
    `hostname: mx.example.test
listeners:
  - { id: inbound, port: 0, tls: { cert: ./cert.pem, key: ./key.pem } }
  - { id: implicit, port: 0, tls: { cert: ./cert.pem, key: ./key.pem, mode: implicit } }
  - { id: submission, port: 0, auth: required, tls: { cert: ./cert.pem, key: ./key.pem } }
queue: { directory: ./queue }
plugins:
  - { use: users, options: { file: ./users, plainPasswords: allowed } }
  - { use: judge }
  - { use: mime-rewrite, options: { rules: [{ do: [{ subjectTag: "[out]" }] }, { match: { type: application/pdf }, do: [{ renameFile: "new.pdf" }] }] } }
  - { use: fate }
routes: [{ deliver: fate }]
`,
  );
  const written: string[] = [];
  const engine = await createEngine({
    file,
    plugins: [judge, fate],
    provide: scope =>
      void scope.lazy(LOG, { clock: CLOCK }, ({ clock }) =>
        createLog({ level: 'debug', format: 'json', clock, destination: { write: line => written.push(line) } }),
      ),
  });
  onTestFinished(() => engine.close());
  await engine.start();
  const lines = () =>
    written.map(
      line => JSON.parse(line) as Record<string, unknown> & { readonly event: string; readonly level: string },
    );
  const port = (id: string) => engine.listeners.find(one => one.id === id)?.port ?? expect.fail();
  return { engine, written, lines, port, of: (event: string) => lines().filter(line => line.event === event) };
}

function mailTo(localPart: string): string {
  return `From: NameCanary <ann@example.test>
Subject: SubjectCanary ${localPart}
X-Note: HeaderCanary
Content-Type: multipart/mixed; boundary=m

--m

BodyCanary
--m
Content-Type: application/pdf; name="FileCanary.pdf"

BodyCanary
--m--
`;
}

describe('a gateway with mail of every fate', () => {
  test('logs each once, under its queue id, and neither secrets nor text', async () => {
    const { written, lines, of, port } = await gateway();
    const client = await smtpClient(port('inbound'));
    await client.say('EHLO client.test');
    const replies = new Map<string, string>();
    for (const to of [
      'nobody',
      'held',
      'discarded',
      'rejected',
      'later',
      'crash',
      'delivered',
      'deferred',
      'bounced',
    ]) {
      await client.say('MAIL FROM:<ann@example.test>');
      await client.say(`RCPT TO:<${to}@example.test>`);
      const { code, lines: said } = await client.data(mailTo(to));
      replies.set(to, `${code} ${said.join(' ')}`);
      await client.say('RSET');
    }
    const submission = await smtpClient(port('submission'));
    await submission.say('EHLO client.test');
    await submission.startTls();
    await submission.say('EHLO client.test');
    await submission.say(`AUTH PLAIN ${Buffer.from('\0ann\0WrongCanary').toString('base64')}`);
    expect(await submission.say(`AUTH PLAIN ${Buffer.from('\0ann\0PassWordCanary').toString('base64')}`)).toMatchObject(
      {
        code: 235,
      },
    );
    const login = await smtpClient(port('submission'));
    await login.say('EHLO client.test');
    await login.startTls();
    await login.say('EHLO client.test');
    await login.say('AUTH LOGIN');
    await login.say(Buffer.from('ann').toString('base64'));
    await login.say(Buffer.from('PassWordCanary').toString('base64'));
    // The notification about what bounced is delivered last.
    await until(() => expect([of('delivered').length, of('deferred').length]).toEqual([2, 1]));
    await Promise.all([client, submission, login].map(one => one.close()));

    const once = (event: string, fields: object) =>
      expect(
        of(event).filter(line => Object.entries(fields).every(([name, value]) => line[name] === value)),
        event,
      ).toHaveLength(1);
    const idOf = (to: string) => /[0-9A-HJKMNP-TV-Z]{18}/.exec(replies.get(to) ?? '')?.[0] ?? expect.fail(to);
    for (const to of ['held', 'delivered', 'deferred', 'bounced']) once('accepted', { queueId: idOf(to) });
    once('held', { queueId: idOf('held'), by: 'judge', reason: 'to be looked at' });
    expect(of('discarded')).toMatchObject([{ queueId: idOf('discarded'), by: 'judge' }]);
    once('delivered', {
      queueId: idOf('delivered'),
      recipient: 'delivered@example.test',
      by: 'fate',
      text: 'the sink',
    });
    once('deferred', { queueId: idOf('deferred'), remote: 'mx.far.test', reply: '451 4.3.0 Try later' });
    once('bounced', { queueId: idOf('bounced'), remote: 'mx.far.test', reply: '550 5.1.1 Gone away' });
    expect(of('notified')).toMatchObject([{ queueId: idOf('bounced') }]);
    expect(of('queued')).toMatchObject([{ queueId: of('notified')[0]?.notification, about: idOf('bounced') }]);
    once('refused', { hook: 'rcpt', recipient: 'nobody@example.test', by: 'judge' });
    for (const reply of [
      '554 5.7.1 Not wanted',
      '451 4.7.1 Not now',
      '451 4.3.0 Local error in processing, try again later',
    ]) {
      expect(of('refused').filter(line => line.reply === reply)).toMatchObject([{ queueId: expect.any(String) }]);
    }
    expect(of('authenticated')).toHaveLength(2);

    // One event a line, one line an event; each line of a session or of a mail says whose it is.
    for (const line of written) expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true);
    const ofNobody = lines().filter(({ queueId, session }) => queueId === undefined && session === undefined);
    expect(ofNobody.map(({ event }) => event).filter(event => !['swept', 'started', 'noted'].includes(event))).toEqual(
      [],
    );

    const log = written.join('');
    const found = CANARIES.flatMap(canary => [
      canary,
      ...[0, 1, 2].map(offset =>
        Buffer.from(' '.repeat(offset) + canary)
          .toString('base64')
          .slice(offset === 0 ? 0 : 4, -4),
      ),
    ]).filter(canary => log.includes(canary));
    expect(found).toEqual([]);
  });

  test('is quiet about clients that just leave', async () => {
    const { engine, lines, port } = await gateway();
    const before = lines().length;
    const visits: readonly ((socket: Socket) => void)[] = [
      socket => void socket.destroy(),
      socket => void socket.end(),
      socket => void socket.resetAndDestroy(),
      socket => void socket.end(Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3])),
      socket => void socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      socket => void socket.end('QUIT\r\n'),
      socket => void socket.end('EHLO x\r\nQUIT\r\n'),
      socket => void socket.end('EHLO x\r\n'),
    ];
    for (const id of ['inbound', 'implicit']) {
      for (const visit of visits) {
        const socket = connect(port(id), '127.0.0.1');
        socket.on('error', () => undefined).resume();
        const closed = once(socket, 'close');
        await once(socket, 'connect');
        visit(socket);
        await closed;
      }
    }
    await engine.close();
    const loud = lines()
      .slice(before)
      .filter(({ level, event }) => level !== 'debug' && event !== 'closed');
    expect(loud).toEqual([]);
  });
});
