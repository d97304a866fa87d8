/** For whom mail is taken: who claims what, and the tricks that must not make a relay of us. */
import { describe, expect, test } from 'vitest';
import { accept, parseForwardPath, reject } from '../../../core/index.ts';
import { aRecipient, aSession, faultsIn, type Harness, harness } from '../../../core/testing.ts';
import relayPolicy from '../../../plugins/relay-policy/index.ts';

const OPTIONS = {
  localDomains: ['example.test', 'second.test'],
  relayDomains: ['partner.test'],
  relayFor: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7'],
};

const NO_MAILBOX = reject(550, '5.1.1', 'No such mailbox here');
const STRANGER = { client: { address: '203.0.113.5', port: 1025, name: null } };

function from(address: string) {
  return { client: { address, port: 1025, name: null } };
}

function mounted(options: object = {}, files: Record<string, string> = {}): Promise<Harness> {
  return harness(relayPolicy, { ...OPTIONS, ...options }, { files, hostname: 'mx.example.test' });
}

describe('a stranger', () => {
  test.each([
    { to: 'ann@example.test', want: accept },
    { to: 'anybody.at.all@second.test', want: accept },
    { to: 'ann@partner.test', want: accept },
    { to: 'ann@elsewhere.test', want: undefined },
    { to: 'ann@sub.example.test', want: undefined },
    { to: 'ann@[192.0.2.1]', want: undefined },
  ])('to $to', async ({ to, want }) => {
    const { rcpt } = await mounted();
    expect(await rcpt(to, { session: STRANGER })).toEqual(want);
  });
});

describe('a client that may relay', () => {
  test.each([
    { client: '192.0.2.200', want: accept },
    { client: '192.0.3.1', want: undefined },
    { client: '198.51.100.7', want: accept },
    { client: '198.51.100.8', want: undefined },
    { client: '2001:db8:1::1', want: accept },
    { client: '2001:db9::1', want: undefined },
  ])('$client', async ({ client, want }) => {
    const { rcpt } = await mounted();
    expect(await rcpt('ann@elsewhere.test', { session: from(client) })).toEqual(want);
  });

  test.each([
    { authenticated: undefined, want: accept },
    { authenticated: 'relay', want: accept },
    { authenticated: 'none', want: undefined },
  ])('a user where authenticated is $authenticated', async ({ authenticated, want }) => {
    const { rcpt } = await mounted(authenticated === undefined ? {} : { authenticated });
    const session = aSession({ ...STRANGER, user: 'ann' });
    expect(await rcpt('ann@elsewhere.test', { session })).toEqual(want);
  });

  test('has no mailbox in a local domain that is not there', async () => {
    const { rcpt } = await mounted({ mailboxes: ['ann'] });
    expect(await rcpt('bob@example.test', { session: from('192.0.2.1') })).toEqual(NO_MAILBOX);
  });
});

describe('open relay tricks', () => {
  test.each([
    { trick: 'percent hack, local', to: 'victim%elsewhere.test@example.test' },
    { trick: 'percent hack, relayed', to: 'victim%elsewhere.test@partner.test' },
    { trick: 'bang path', to: 'elsewhere.test!victim@example.test' },
    { trick: 'bang path, relayed', to: 'elsewhere.test!victim@partner.test' },
    { trick: 'quoted address', to: '"victim@elsewhere.test"@example.test' },
    { trick: 'quoted address, relayed', to: '"victim@elsewhere.test"@partner.test' },
    { trick: 'quoted percent hack', to: '"victim%elsewhere.test"@example.test' },
  ])('$trick', async ({ to }) => {
    const { rcpt } = await mounted();
    expect(await rcpt(to, { session: STRANGER })).toBeUndefined();
  });

  test.each([
    { trick: 'source route', path: '<@example.test:victim@elsewhere.test>' },
    { trick: 'source route with two hosts', path: '<@example.test,@partner.test:victim@elsewhere.test>' },
  ])('$trick', async ({ path }) => {
    const found = parseForwardPath(path, { smtpUtf8: false, postmasterDomain: 'mx.example.test' });
    if (found.kind === 'malformed') throw new Error(found.reason);
    const { rcpt } = await mounted();
    const recipient = aRecipient('x@example.test', { forwardPath: found.path, original: found.path });
    expect(await rcpt(recipient, { session: STRANGER })).toBeUndefined();
  });

  test.each(['<victim@elsewhere.test@example.test>', '<victim@elsewhere.test,x@example.test>'])('%s', path => {
    expect(parseForwardPath(path, { smtpUtf8: false, postmasterDomain: 'mx.example.test' })).toMatchObject({
      kind: 'malformed',
    });
  });

  test('a mailbox that is in the list may have such a name', async () => {
    const { rcpt } = await mounted({ mailboxes: ['list%archive'] });
    expect(await rcpt('list%archive@example.test', { session: STRANGER })).toBe(accept);
  });
});

describe('mailboxes', () => {
  const LIST = ['ann', '"John Doe"', 'bob@second.test'];

  test.each([
    { to: 'ann@example.test', want: accept },
    { to: 'ANN@second.test', want: accept },
    { to: '"john doe"@example.test', want: accept },
    { to: 'bob@second.test', want: accept },
    { to: 'bob@example.test', want: NO_MAILBOX },
    { to: 'carl@example.test', want: NO_MAILBOX },
    { to: 'anybody@partner.test', want: accept },
    { to: 'Postmaster@second.test', want: accept },
    { to: 'ann+x@example.test', want: NO_MAILBOX },
  ])('$to', async ({ to, want }) => {
    const { rcpt } = await mounted({ mailboxes: LIST });
    expect(await rcpt(to, { session: STRANGER })).toEqual(want);
  });

  test('a delimiter makes extensions', async () => {
    const { rcpt } = await mounted({ mailboxes: LIST, recipientDelimiter: '+' });
    expect(await rcpt('ann+x@example.test')).toBe(accept);
    expect(await rcpt('+ann@example.test')).toEqual(NO_MAILBOX);
  });

  test('may stand in a file, and follow it', async () => {
    const { rcpt, files, clock } = await mounted(
      { mailboxes: './mailboxes' },
      { mailboxes: '# people\nann\n\n bob@second.test \r\n' },
    );
    expect(await rcpt('ann@example.test')).toBe(accept);
    expect(await rcpt('bob@second.test')).toBe(accept);
    expect(await rcpt('carl@example.test')).toEqual(NO_MAILBOX);
    await clock.advance(5000);
    files.put('mailboxes', 'carl');
    await clock.advance(1000);
    expect(await rcpt('carl@example.test')).toBe(accept);
    expect(await rcpt('ann@example.test')).toEqual(NO_MAILBOX);
  });

  test('an unlisted name that a plugin above has claimed is an alias, and left alone', async () => {
    const { rcpt } = await mounted({ mailboxes: LIST });
    expect(await rcpt('staff@example.test', { claimed: true })).toBeUndefined();
    expect(await rcpt('staff@example.test', { claimed: false })).toEqual(NO_MAILBOX);
  });
});

describe('the postmaster', () => {
  test('without a domain is that of the first local domain (RFC 5321 section 4.5.1)', async () => {
    const { rcpt } = await mounted({ mailboxes: [] });
    expect(await rcpt('postmaster@mx.example.test', { session: STRANGER })).toEqual({
      kind: 'expand',
      to: [{ to: { localPart: 'postmaster', domain: 'example.test' }, via: 'postmaster (relay-policy)' }],
    });
  });

  test('is the same for a client that may relay', async () => {
    const { rcpt } = await mounted();
    expect(await rcpt('postmaster@mx.example.test', { session: from('192.0.2.1') })).toMatchObject({ kind: 'expand' });
  });

  test('is nobody where no domain is local', async () => {
    const { rcpt } = await mounted({ localDomains: [] });
    expect(await rcpt('postmaster@mx.example.test', { session: STRANGER })).toBeUndefined();
  });
});

describe('what does not boot', () => {
  test.each([
    { options: { relayFor: ['0.0.0.0/0'] }, want: 'options.relayFor.0: 0.0.0.0/0 is everybody' },
    { options: { relayFor: ['192.0.2.0/24', '::/0'] }, want: 'options.relayFor.1: ::/0 is everybody' },
    {
      options: { relayDomains: ['Example.Test'] },
      want: 'options.relayDomains.0: example.test is a local domain already',
    },
    { options: { mailboxes: ['ann', 'bob@partner.test'] }, want: 'options.mailboxes.1: partner.test is not among' },
    {
      options: { mailboxes: ['ann', 'bob carl'] },
      want: 'options.mailboxes.1: a local part or an address is expected',
    },
    { options: { mailboxes: './gone' }, want: 'options.mailboxes: cannot be read: ' },
    { options: { mailboxes: './bad' }, want: 'options.mailboxes: ./bad:2: "bob carl" is neither' },
    { options: { relayFor: ['192.0.2.300'] }, want: 'options.relayFor.0: an IP address or a range' },
    { options: { localDomain: [] }, want: 'options.localDomain: unknown key; did you mean "localDomains"?' },
    { options: { authenticated: 'yes' }, want: 'options.authenticated: "relay" or "none" is expected' },
  ])('$want', async ({ options, want }) => {
    const found = await faultsIn(relayPolicy, { ...OPTIONS, ...options }, { files: { bad: 'ann\nbob carl' } });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(want);
  });

  test('nothing at all is a policy: it claims nothing', async () => {
    expect(await faultsIn(relayPolicy, {})).toEqual([]);
    const { rcpt } = await harness(relayPolicy, {});
    expect(await rcpt('ann@example.test')).toBeUndefined();
  });
});
