/** One transaction with one next hop: what it is told, and what becomes of each recipient. */
import { describe, expect, test } from 'vitest';
import type { Recipient } from '../../../core/index.ts';
import { aMailbox, aRecipient } from '../../../core/testing.ts';
import { until } from '../../support/until.ts';
import { MX, REMOTE, relayingTo } from './relaying.ts';

const THREE = ['bob@example.test', 'carl@example.test', 'dan@example.test'];
const NO_PIPELINING = ['8BITMIME', 'SIZE', 'DSN', 'SMTPUTF8'];

describe('a mail', () => {
  test('is taken, and the outcome says by whom and with which words', async () => {
    const { outcomes, sink } = await relayingTo();
    expect(await outcomes({ to: THREE, content: 'Subject: x\n\n.dot\n..\n' })).toEqual(
      Object.fromEntries(
        THREE.map(address => [
          address,
          {
            kind: 'delivered',
            disposition: 'passed-on',
            remote: REMOTE,
            text: expect.stringMatching(/^250 /) as string,
          },
        ]),
      ),
    );
    expect(sink.mails).toHaveLength(1);
    expect(sink.mails[0]).toMatchObject({ greeting: 'mx.example.test', tls: false, from: '<ann@example.test>' });
    expect(sink.mails[0]?.content.toString()).toBe('Subject: x\r\n\r\n.dot\r\n..\r\n');
    expect(sink.mails[0]?.recipients.map(({ path }) => path)).toEqual(THREE.map(address => `<${address}>`));
  });

  test('is relayed only, where the next hop does not know DSN', async () => {
    const { outcomes } = await relayingTo({ extensions: [] });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered', disposition: 'relayed' } });
  });

  test('goes to a next hop that knows HELO only', async () => {
    const { outcomes, sink } = await relayingTo({ faults: { ehlo: '502 5.5.1 What?' } });
    expect(await outcomes({ parameters: { envelopeId: 'x' } })).toMatchObject({
      'bob@example.test': { kind: 'delivered', disposition: 'relayed' },
    });
    expect(sink.mails[0]?.parameters).toBe('');
  });

  test('is said goodbye after, where sessions are not kept', async () => {
    const { outcomes, sink } = await relayingTo({}, { reuse: 'off' });
    await outcomes({ to: THREE });
    await until(() =>
      expect(sink.commands).toEqual([
        'EHLO mx.example.test',
        expect.stringContaining('MAIL FROM:<ann@example.test> SIZE='),
        ...THREE.map(address => `RCPT TO:<${address}>`),
        'DATA',
        'QUIT',
      ]),
    );
  });

  test('from the null reverse-path says <>', async () => {
    const { outcomes, sink } = await relayingTo();
    await outcomes({ from: '<>' });
    expect(sink.mails[0]?.from).toBe('<>');
  });

  test('to quoted local parts, angle brackets in them too, names them as they are', async () => {
    const { outcomes, sink } = await relayingTo();
    const to = ['"john doe"@example.test', '"a>b"@example.test'];
    expect(Object.values(await outcomes({ to })).map(outcome => outcome.kind)).toEqual(['delivered', 'delivered']);
    expect(sink.mails[0]?.recipients.map(({ path }) => path)).toEqual(to.map(address => `<${address}>`));
  });
});

describe('parameters', () => {
  test('DSN: each recipient passes on what was asked for it', async () => {
    const { outcomes, sink } = await relayingTo();
    const to = [
      aRecipient('bob@example.test', { dsn: { notify: 'never', originalRecipient: null } }),
      aRecipient('carl@example.test', {
        dsn: { notify: ['success', 'delay'], originalRecipient: { type: 'rfc822', address: 'Carl+x=y@old.test' } },
      }),
      aRecipient('dan@example.test'),
      aRecipient('eve@example.test', {
        dsn: { notify: ['failure'], originalRecipient: { type: 'utf-8', address: 'grüße@old.test' } },
      }),
    ];
    await outcomes({ to, parameters: { returnContent: 'headers', envelopeId: 'id+1 x' } });
    expect(sink.mails[0]?.parameters).toMatch(/^SIZE=\d+ RET=HDRS ENVID=id\+2B1\+20x$/);
    expect(sink.mails[0]?.recipients.map(({ parameters }) => parameters)).toEqual([
      'NOTIFY=NEVER',
      'NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Carl+2Bx+3Dy@old.test',
      '',
      'NOTIFY=FAILURE ORCPT=utf-8;gr\\x{FC}\\x{DF}e@old.test',
    ]);
  });

  test('DSN: behind an alias nobody is asked to report success, for that would name the address (RFC 3461 section 5.2.7)', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['DSN', 'SMTPUTF8'] });
    const behind = (address: string, original: string, dsn: Recipient['dsn']) =>
      aRecipient(address, { original: aMailbox(original), via: ['staff'], dsn });
    const given = { type: 'RFC822', address: 'Staff@example.test' };
    const to = [
      behind('bob@hidden.test', 'staff@example.test', { notify: ['success', 'failure'], originalRecipient: given }),
      behind('carl@hidden.test', 'carl=x@example.test', { notify: ['success'], originalRecipient: null }),
      behind('dan@hidden.test', 'jörg@example.test', { notify: ['failure'], originalRecipient: null }),
      behind('eve@hidden.test', 'eve@example.test', { notify: null, originalRecipient: null }),
      aRecipient('fay@example.test', { dsn: { notify: ['success'], originalRecipient: null } }),
    ];
    const got = Object.values(await outcomes({ to }));
    expect(sink.mails[0]?.recipients.map(({ parameters }) => parameters)).toEqual([
      'NOTIFY=FAILURE ORCPT=RFC822;Staff@example.test',
      'NOTIFY=NEVER ORCPT=rfc822;carl+3Dx@example.test',
      'NOTIFY=FAILURE ORCPT=utf-8;j\\x{F6}rg@example.test',
      'ORCPT=rfc822;eve@example.test',
      'NOTIFY=SUCCESS',
    ]);
    expect(got.map(outcome => outcome.kind === 'delivered' && outcome.disposition)).toEqual([
      'relayed',
      'relayed',
      'passed-on',
      'passed-on',
      'passed-on',
    ]);
  });

  test('DSN: the same mailbox twice keeps both requests apart', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['DSN'] });
    const to = [
      aRecipient('bob@example.test', { dsn: { notify: 'never', originalRecipient: null } }),
      aRecipient('bob@example.test', { dsn: { notify: ['success'], originalRecipient: null } }),
    ];
    await outcomes({ to });
    expect(sink.mails[0]?.recipients.map(({ parameters }) => parameters)).toEqual(['NOTIFY=NEVER', 'NOTIFY=SUCCESS']);
  });

  test('are left out where they are not offered', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: [] });
    const to = aRecipient('bob@example.test', { dsn: { notify: 'never', originalRecipient: null } });
    await outcomes({ to, parameters: { returnContent: 'full', envelopeId: 'id', body: '8bitmime' } });
    expect(sink.mails[0]).toMatchObject({ parameters: '', recipients: [{ parameters: '' }] });
  });

  test('BODY and SIZE say what is sent', async () => {
    const { outcomes, sink } = await relayingTo();
    await outcomes({ content: 'Subject: x\n\n\u00fc\n', parameters: { body: '8bitmime' } });
    expect(sink.mails[0]?.parameters).toBe('SIZE=18 BODY=8BITMIME');
  });

  test.each([
    { priority: 9, want: 'MT-PRIORITY=9' },
    { priority: -9, want: 'MT-PRIORITY=-9' },
    { priority: 0, want: '' },
  ])('MT-PRIORITY: $priority is passed on where it is offered', async ({ priority, want }) => {
    const offering = await relayingTo({ extensions: ['MT-PRIORITY MIXER'] });
    await offering.outcomes({ parameters: { priority } });
    expect(offering.sink.mails[0]?.parameters).toBe(want);
    const other = await relayingTo({ extensions: [] });
    expect(await other.outcomes({ parameters: { priority } })).toMatchObject({
      'bob@example.test': { kind: 'delivered' },
    });
    expect(other.sink.mails[0]?.parameters).toBe('');
  });

  test('SMTPUTF8 is passed on, and added for an address that needs it', async () => {
    for (const delivery of [
      { parameters: { smtpUtf8: true } },
      { to: 'jörg@example.test' },
      { from: '<jörg@x.test>' },
    ]) {
      const { outcomes, sink } = await relayingTo();
      await outcomes(delivery);
      expect(sink.mails[0]?.parameters).toMatch(/ SMTPUTF8$/);
    }
  });
});

describe('demands that a next hop does not meet', () => {
  test('SIZE: a mail that is too large comes back without being sent', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['SIZE 1000'] });
    expect(await outcomes({ content: `Subject: x\n\n${'x'.repeat(1000)}\n` })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 552, status: '5.3.4' }, remote: REMOTE },
    });
    await until(() => expect(sink.commands).toEqual(['EHLO mx.example.test']));
  });

  test.each(['SIZE', 'SIZE 0', 'SIZE 1000000000'])('%s is no limit here', async extension => {
    const { outcomes } = await relayingTo({ extensions: [extension] });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
  });

  const BOUNCED_UTF8 = { kind: 'bounced', reply: { code: 550, status: '5.6.7' } };

  test.each([
    { about: 'a reverse-path', delivery: { from: '<jörg@x.test>' } },
    { about: 'a header field', delivery: { content: 'Subject: ü\n\nx\n', parameters: { smtpUtf8: true } } },
  ])('SMTPUTF8: $about beyond ASCII comes back', async ({ delivery }) => {
    const { outcomes, sink } = await relayingTo({ extensions: ['8BITMIME'] });
    expect(await outcomes(delivery)).toMatchObject({ 'bob@example.test': BOUNCED_UTF8 });
    expect(sink.mails).toEqual([]);
  });

  test('SMTPUTF8: a recipient beyond ASCII comes back, and the others get the mail', async () => {
    const { outcomes, sink } = await relayingTo({ extensions: ['8BITMIME'] });
    expect(await outcomes({ to: ['jörg@example.test', 'bob@example.test'] })).toMatchObject({
      'jörg@example.test': BOUNCED_UTF8,
      'bob@example.test': { kind: 'delivered' },
    });
    expect(sink.mails[0]?.recipients).toHaveLength(1);
  });

  test.each([
    { about: 'the parameter alone demands nothing', delivery: { parameters: { smtpUtf8: true } } },
    { about: 'header fields beyond ASCII without it go as they came', delivery: { content: 'Subject: ü\n\nx\n' } },
  ])('SMTPUTF8: $about', async ({ delivery }) => {
    const { outcomes, sink } = await relayingTo({ extensions: [] });
    expect(await outcomes(delivery)).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(sink.mails[0]?.parameters).toBe('');
  });
});

describe.each([
  { about: 'pipelined', extensions: ['PIPELINING', ...NO_PIPELINING] },
  { about: 'step by step', extensions: NO_PIPELINING },
])('refusals, $about:', ({ extensions }) => {
  test('each recipient has its own', async () => {
    const rcpt = {
      'bob@example.test': '550 5.1.1 No such mailbox',
      'carl@example.test': '450 4.2.1 Not now',
    } as const;
    const { outcomes, sink } = await relayingTo({ extensions, faults: { rcpt } });
    expect(await outcomes({ to: THREE })).toEqual({
      'bob@example.test': {
        kind: 'bounced',
        reply: { code: 550, status: '5.1.1', text: 'No such mailbox' },
        remote: REMOTE,
        diagnostic: '550 5.1.1 No such mailbox',
      },
      'carl@example.test': {
        kind: 'deferred',
        reply: { code: 450, status: '4.2.1', text: 'Not now' },
        remote: REMOTE,
        diagnostic: '450 4.2.1 Not now',
        concerns: 'recipient',
      },
      'dan@example.test': expect.objectContaining({ kind: 'delivered' }) as object,
    });
    expect(sink.mails[0]?.recipients).toHaveLength(1);
  });

  test('all recipients: nothing is sent', async () => {
    const { outcomes, sink } = await relayingTo({ extensions, faults: { rcpt: '550 5.1.1 No such mailbox' } });
    const all = await outcomes({ to: THREE });
    expect(Object.values(all).map(outcome => outcome.kind)).toEqual(['bounced', 'bounced', 'bounced']);
    expect(sink.mails).toEqual([]);
  });

  test.each([
    { stage: 'mail', fault: '550 5.7.1 Not from you', want: { kind: 'bounced', reply: { status: '5.7.1' } } },
    { stage: 'mail', fault: '451 4.7.1 Greylisted', want: { kind: 'deferred', reply: { status: '4.7.1' } } },
    { stage: 'data', fault: '554 5.5.1 No', want: { kind: 'bounced', reply: { code: 554, status: '5.5.1' } } },
    { stage: 'data', fault: '452 4.3.1 Full', want: { kind: 'deferred', reply: { code: 452, status: '4.3.1' } } },
    { stage: 'content', fault: '554 5.7.1 Spam', want: { kind: 'bounced', diagnostic: '554 5.7.1 Spam' } },
    { stage: 'content', fault: '451 4.3.0 Busy', want: { kind: 'deferred', diagnostic: '451 4.3.0 Busy' } },
  ])('$stage says $fault: it holds for all who were not refused before', async ({ stage, fault, want }) => {
    const rcpt = { 'bob@example.test': '550 5.1.1 No such mailbox' } as const;
    const { outcomes, sink } = await relayingTo({ extensions, faults: { rcpt, [stage]: fault } });
    const bounced = { kind: 'bounced', reply: { status: '5.1.1' } };
    expect(await outcomes({ to: THREE })).toMatchObject({
      'bob@example.test': stage === 'mail' ? want : bounced,
      'carl@example.test': want,
      'dan@example.test': want,
    });
    expect(sink.mails).toEqual([]);
  });

  test.each(['drop', '421 4.3.2 Closing'] as const)(
    'the session ends (%s): whoever was answered keeps it',
    async fault => {
      const rcpt = { 'bob@example.test': '550 5.1.1 No such mailbox', 'carl@example.test': fault } as const;
      const { outcomes } = await relayingTo({ extensions, faults: { rcpt } });
      expect(await outcomes({ to: THREE })).toMatchObject({
        'bob@example.test': { kind: 'bounced' },
        'carl@example.test': { kind: 'deferred', reply: { status: '4.4.2' } },
        'dan@example.test': { kind: 'deferred', reply: { status: '4.4.2' } },
      });
    },
  );

  test('552 for want of room for recipients is transient', async () => {
    const { outcomes } = await relayingTo({ extensions, faults: { rcpt: { 'bob@example.test': '552 Too many' } } });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply: { status: '4.5.3' } } });
  });
});

describe('the connection is lost', () => {
  test('after the final dot: nobody knows who has the mail; it is sent again, and the log says so', async () => {
    const { outcomes, log, network } = await relayingTo({ faults: { content: 'drop' } });
    const hosts = [MX, { ...MX, name: 'other.test', addresses: ['192.0.2.2'] }];
    expect(await outcomes({ hosts })).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { code: 451, status: '4.4.2' }, remote: REMOTE, diagnostic: null },
    });
    // A second host would get what the first one may have.
    expect(network.attempts).toEqual(['192.0.2.1:25']);
    expect(log.of('lost')[0]).toMatchObject({ level: 'warn', fields: { remote: REMOTE, outcome: /unknown/ } });
  });

  test('at DATA: nothing was sent, and the log has no doubt', async () => {
    const { outcomes, log } = await relayingTo({ faults: { data: 'drop' } });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply: { status: '4.4.2' } } });
    expect(log.of('lost')).toEqual([]);
  });
});
