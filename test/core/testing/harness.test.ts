import {
  type Answer,
  accept,
  authenticated,
  CLOCK,
  contentOf,
  definePlugin,
  deliveredTo,
  FILES,
  IDENTITY,
  LOG,
  NETWORK,
  note,
  offer,
  RANDOM,
  RESOLVER,
  reject,
  reportAll,
  rewrite,
  routeTo,
  token,
  z,
} from 'mailframe';
import { aMail, aRecipient, byAddress, faultsIn, harness, provide, textOf } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';

/** Answers every hook with something that shows what it was asked. */
const curious = definePlugin({
  name: 'curious',
  delivers: 'here',
  create: () => ({
    connect: ({ session }) =>
      note({ asked: `${session.client.address} ${session.client.name} ${session.greeting === null}` }),
    helo: ({ greeting }) => offer({ add: [`${greeting.verb} ${greeting.domain}`] }),
    auth: ({ credentials }) => {
      const { mechanism, user } = credentials;
      return authenticated(`${mechanism} ${user} ${'password' in credentials ? credentials.password : ''}`);
    },
    secret: ({ mechanism, user }) => reject(535, '5.7.8', `${mechanism} ${user}`),
    mail: ({ reversePath, parameters }) => note({ from: reversePath?.localPart ?? '<>', utf8: parameters.smtpUtf8 }),
    rcpt: ({ envelope, recipient }) =>
      note({
        to: recipient.forwardPath.localPart,
        from: envelope.reversePath?.localPart ?? '<>',
        before: `${envelope.recipients.length}`,
      }),
    data: async ({ mail }) => rewrite(contentOf((await mail.content.bytes()).toString().toUpperCase())),
    queue: ({ mail }) => (mail.session.user === 'ann' ? undefined : reject(550, '5.7.1', 'Not you')),
    route: ({ recipient, transport, attempt }) =>
      routeTo({ transport: `${transport} ${attempt} ${recipient.forwardPath.domain}` }),
    deliver: ({ recipients }) => reportAll(recipients, deliveredTo('here')),
    vrfy: ({ query, mailbox }) => reject(550, '5.1.1', `${query} ${mailbox?.localPart}`),
    expn: ({ query }) => reject(550, '5.1.1', query),
  }),
});

describe('every hook takes text', () => {
  test('connect, helo, auth and mail', async () => {
    const { connect, helo, auth, authWith, secret, mail } = await harness(curious);
    expect(await connect('192.0.2.7', { name: 'client.test' })).toEqual(note({ asked: '192.0.2.7 client.test true' }));
    expect(await helo('client.test', { verb: 'LHLO' })).toEqual(offer({ add: ['LHLO client.test'] }));
    expect(await auth('ann', 'pw')).toEqual(authenticated('PLAIN ann pw'));
    expect(await auth('ann', 'pw', { mechanism: 'LOGIN' })).toEqual(authenticated('LOGIN ann pw'));
    const token = { mechanism: 'XOAUTH2', user: 'ann', token: 'x', host: null, port: null } as const;
    expect(await authWith(token)).toEqual(authenticated('XOAUTH2 ann '));
    expect(await secret('ann')).toEqual(reject(535, '5.7.8', 'SCRAM-SHA-256 ann'));
    expect(await secret('ann', { mechanism: 'CRAM-MD5' })).toEqual(reject(535, '5.7.8', 'CRAM-MD5 ann'));
    expect(await mail('<>')).toEqual(note({ from: '<>', utf8: false }));
    expect(await mail('ann@example.test', { parameters: { smtpUtf8: true } })).toEqual(
      note({ from: 'ann', utf8: true }),
    );
  });

  test('rcpt', async () => {
    const { rcpt } = await harness(curious);
    expect(await rcpt('bob@example.test')).toEqual(note({ to: 'bob', from: 'ann', before: '0' }));
    const circumstances = { from: '<>', accepted: ['eve@example.test'] };
    expect(await rcpt(aRecipient('bob@example.test'), circumstances)).toEqual(
      note({ to: 'bob', from: '<>', before: '1' }),
    );
  });

  test('data and queue', async () => {
    const { data, queue } = await harness(curious);
    const answer = await data('Subject: x\n\nHello\n');
    expect(answer?.kind === 'rewrite' && (await textOf(answer.content))).toBe('SUBJECT: X\n\nHELLO\n');
    expect(await queue('\n', { session: { user: 'ann' } })).toBeUndefined();
    expect(await queue('\n')).toMatchObject({ kind: 'reject' });
  });

  test('route and deliver', async () => {
    const { route, deliver } = await harness(curious);
    expect(await route('bob@example.test', { transport: 'internet', attempt: 2 })).toEqual(
      routeTo({ transport: 'internet 2 example.test' }),
    );
    const report = await deliver({ to: ['bob@example.test', 'eve@example.test'] });
    expect(byAddress(report?.outcomes ?? new Map())).toEqual({
      'bob@example.test': deliveredTo('here'),
      'eve@example.test': deliveredTo('here'),
    });
  });

  test('vrfy and expn', async () => {
    const { vrfy, expn } = await harness(curious);
    expect(await vrfy('ann@example.test')).toMatchObject({ reply: { text: 'ann@example.test ann' } });
    expect(await vrfy('ann')).toMatchObject({ reply: { text: 'ann undefined' } });
    expect(await expn('staff')).toMatchObject({ reply: { text: 'staff' } });
  });
});

describe('the world of the plugin', () => {
  const worldly = definePlugin({
    name: 'worldly',
    options: z.strictObject({ file: z.string() }),
    needs: { clock: CLOCK, files: FILES, id: IDENTITY, log: LOG, network: NETWORK, random: RANDOM, resolver: RESOLVER },
    create: ({ options, clock, files, id, log, network, random, resolver }) => ({
      async connect({ session }, context) {
        const found = await resolver.reverse(session.client.address);
        const text = (await files.read(options.file)).toString();
        context.log.info('asked', { seen: context.facts });
        log.info('found', { at: clock.now(), by: id, number: random.below(10) < 10 });
        const destination = { address: '192.0.2.9', port: 25, timeout: 1 };
        const answer = await network.connect(destination, context.signal).then(
          () => 'connected',
          (error: Error) => error.message,
        );
        return note({ kind: found.kind, text, answer });
      },
    }),
  });

  test('is fake, and as the test says', async () => {
    const { connect, log, resolver, network, clock } = await harness(
      worldly,
      { file: 'list' },
      {
        files: { list: 'content' },
        dns: { '192.0.2.1': { PTR: ['client.test'] } },
        hosts: { '192.0.2.9:25': 'ETIMEDOUT' },
        now: '2031-01-01T00:00:00Z',
        hostname: 'gateway.test',
      },
    );
    expect(await connect('192.0.2.1', { facts: { spam: 'no' } })).toEqual(
      note({ kind: 'found', text: 'content', answer: 'connect ETIMEDOUT 192.0.2.9:25' }),
    );
    expect(log.lines).toEqual([
      { level: 'info', event: 'asked', fields: { plugin: 'worldly', hook: 'connect', seen: { spam: 'no' } } },
      {
        level: 'info',
        event: 'found',
        fields: {
          plugin: 'worldly',
          at: clock.now(),
          by: { hostname: 'gateway.test', plugin: 'worldly' },
          number: true,
        },
      },
    ]);
    expect(resolver.queries).toEqual(['PTR 192.0.2.1']);
    expect(network.attempts).toEqual(['192.0.2.9:25']);
  });

  test('has the services that the test provides, in the place of the fakes', async () => {
    const LIST = token<readonly string[]>('harness-test-list');
    const needy = definePlugin({
      name: 'needy',
      needs: { list: LIST, id: IDENTITY },
      create: ({ list, id }) => ({ connect: () => note({ list, hostname: id.hostname }) }),
    });
    const { connect } = await harness(needy, undefined, {
      provide: [provide(LIST, ['a']), provide(IDENTITY, { hostname: 'other.test', plugin: 'needy' })],
    });
    expect(await connect()).toEqual(note({ list: ['a'], hostname: 'other.test' }));
    await expect(harness(needy)).rejects.toThrow('needs the service "harness-test-list", which nothing provides');
  });
});

describe('a plugin that would not boot', () => {
  const picky = definePlugin({
    name: 'picky',
    options: z.strictObject({ file: z.string() }),
    needs: { files: FILES },
    async check({ options, files }) {
      return (await files.facts(options.file)) === null ? [{ path: ['file'], message: 'is not there' }] : [];
    },
    create: () => ({ connect: () => undefined }),
  });

  test('is an error for wrong options, and the faults can be asked for', async () => {
    await expect(harness(picky, { fil: 'x' })).rejects.toThrow('the plugin picky would not boot: options.');
    expect(await faultsIn(picky, { file: 1 })).toEqual([expect.stringMatching(/^options\.file: text is expected/)]);
    expect(await faultsIn(picky, { file: 'missing' })).toEqual(['options.file: is not there']);
    expect(await faultsIn(picky, { file: 'here' }, { files: { here: '' } })).toEqual([]);
  });

  test('is an error for a hook that there is not', async () => {
    const typo = definePlugin({ name: 'typo', create: () => ({ recpt: () => accept }) as object });
    await expect(harness(typo)).rejects.toThrow('recpt');
  });
});

describe('a plugin that runs', () => {
  test('is started and closed', async () => {
    const life: string[] = [];
    const alive = definePlugin({
      name: 'alive',
      create: () => ({
        start: () => void life.push('started'),
        close: () => void life.push('closed'),
        connect: () => undefined,
      }),
    });
    const { close } = await harness(alive);
    expect(life).toEqual(['started']);
    await close();
    expect(life).toEqual(['started', 'closed']);
  });

  test('passes a delivery on as its middleware wants it', async () => {
    const signer = definePlugin({
      name: 'signer',
      create: () => ({
        async around(call, next) {
          if (call.hook !== 'deliver' || call.context.facts.sign === 'no') return undefined;
          const { mail } = call.subject;
          const signed = contentOf(`Signature: x\r\n${(await mail.content.bytes()).toString()}`);
          return next({ ...call.subject, mail: { ...mail, content: signed } });
        },
      }),
    });
    const { deliverThrough } = await harness(signer);
    const { passedOn, answer } = await deliverThrough({ content: 'Subject: x\n\n', to: 'bob@example.test' });
    expect(passedOn && (await textOf(passedOn.mail.content))).toBe('Signature: x\nSubject: x\n\n');
    expect(answer?.kind === 'report' && byAddress(answer.outcomes)).toMatchObject({
      'bob@example.test': { kind: 'delivered' },
    });
    expect(await deliverThrough({ facts: { sign: 'no' } })).toEqual({ passedOn: null, answer: undefined });
    await expect((await harness(curious)).deliverThrough()).rejects.toThrow('has no middleware');
  });

  test('is told what happened', async () => {
    const heard: string[] = [];
    const listener = definePlugin({
      name: 'listener',
      create: () => ({ observe: { discarded: ({ by, reason }) => void heard.push(`${by}: ${reason}`) } }),
    });
    const { tell } = await harness(listener);
    const mail = aMail();
    await tell('discarded', { mail, by: 'virus', reason: 'EICAR', trace: [] });
    await tell('held', { mail, by: 'virus', reason: 'EICAR', trace: [] });
    expect(heard).toEqual(['virus: EICAR']);
  });

  test('throws into the test', async () => {
    const broken = definePlugin({
      name: 'broken',
      create: () => ({
        connect: () => {
          throw new Error('broken on purpose');
        },
      }),
    });
    await expect((await harness(broken)).connect()).rejects.toThrow('broken on purpose');
  });

  test('is an error where it lacks the hook, or answers what the hook does not know', async () => {
    const wrong = definePlugin({
      name: 'wrong',
      create: () => ({ connect: () => accept as unknown as Answer<'connect'> }),
    });
    const { connect, rcpt } = await harness(wrong);
    await expect(rcpt('bob@example.test')).rejects.toThrow('the plugin wrong does not answer rcpt');
    await expect(connect()).rejects.toThrow('the plugin wrong answers connect with {"kind":"accept"}');
  });

  test('sees the abort that the test makes', async () => {
    const patient = definePlugin({
      name: 'patient',
      needs: { clock: CLOCK },
      create: ({ clock }) => ({
        connect: async (_, { signal }) => {
          await clock.sleep(60_000, signal);
        },
      }),
    });
    const { connect, clock } = await harness(patient);
    const abort = new AbortController();
    const asked = connect('192.0.2.1', { signal: abort.signal });
    await clock.asleep();
    abort.abort(new Error('too late'));
    await expect(asked).rejects.toThrow('too late');
  });
});
