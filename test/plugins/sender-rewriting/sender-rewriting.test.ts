/** The plugin as a whole: what it rewrites on the way out and in the header, and whom it leads back. */
import { describe, expect, test } from 'vitest';
import { formatPath, TABLES } from '../../../core/index.ts';
import { aRecipient, fakeTable, fakeTables, faultsIn, harness, provide, textOf } from '../../../core/testing.ts';
import senderRewriting from '../../../plugins/sender-rewriting/index.ts';

const SRS = { domain: 'example.test', secrets: ['a secret of ours'], localDomains: ['example.org'] };
const FORWARDED = aRecipient('ann@elsewhere.test', { via: ['ann (aliases:1)'] });

/** The reverse-path with which a delivery reaches the transport. */
async function leaving(options: object, from: string, delivery: object = {}): Promise<string> {
  const plugin = await harness(senderRewriting, options);
  const { passedOn } = await plugin.deliverThrough({
    from,
    to: 'bob@elsewhere.test',
    hosts: ['mx.elsewhere.test'],
    ...delivery,
  });
  return formatPath(passedOn?.mail.envelope.reversePath ?? null);
}

describe('canonical', () => {
  const options = {
    canonical: {
      map: {
        'ann@host.internal': 'ann.smith@example.test',
        '@old.test': '@example.test',
        'bob@example.test': 'robert',
      },
    },
  };

  test.each([
    { from: '<ann@host.internal>', want: '<ann.smith@example.test>' },
    { from: '<Ann@host.internal>', want: '<ann.smith@example.test>' },
    { from: '<Eve@old.test>', want: '<Eve@example.test>' },
    { from: '<bob@example.test>', want: '<robert@example.test>' },
    { from: '<eve@example.test>', want: '<eve@example.test>' },
    { from: '<>', want: '<>' },
  ])('$from leaves as $want', async ({ from, want }) => {
    expect(await leaving(options, from)).toBe(want);
  });

  test('a table that cannot be asked keeps the mail waiting: the delivery fails', async () => {
    const table = fakeTable({
      'ann@example.test': { unavailable: 'the server is down' },
      'bob@example.test': 'no address',
    });
    const plugin = await harness(
      senderRewriting,
      { canonical: { map: {} } },
      { provide: [provide(TABLES, fakeTables(table))] },
    );
    await expect(plugin.deliverThrough({ from: '<ann@example.test>' })).rejects.toThrow('the server is down');
    await expect(plugin.deliverThrough({ from: '<bob@example.test>' })).rejects.toThrow('is no address');
    await plugin.close();
    expect(table.isClosed).toBe(true);
  });
});

describe('masquerading', () => {
  const masquerade = { domains: ['a.example.test', 'example.test'], except: ['Root'] };

  test.each([
    { from: '<ann@host.example.test>', want: '<ann@example.test>' },
    { from: '<ann@x.a.example.test>', want: '<ann@a.example.test>' },
    { from: '<root@host.example.test>', want: '<root@host.example.test>' },
    { from: '<ann@hostexample.test>', want: '<ann@hostexample.test>' },
    { from: '<ann@example.test>', want: '<ann@example.test>' },
  ])('$from leaves as $want', async ({ from, want }) => {
    expect(await leaving({ masquerade }, from)).toBe(want);
  });

  test('comes after canonical addresses', async () => {
    const canonical = { map: { 'a@x.internal': 'ann@host.example.test' } };
    expect(await leaving({ masquerade, canonical }, '<a@x.internal>')).toBe('<ann@example.test>');
  });
});

describe('the header', () => {
  const options = {
    canonical: { map: { 'ann@host.internal': 'ann.smith@example.test' } },
    masquerade: { domains: ['example.test'] },
  };
  const rewritten = async (content: string, more: object = {}) => {
    const plugin = await harness(senderRewriting, { ...options, ...more });
    const answer = await plugin.data(content);
    return answer?.kind === 'rewrite' ? { text: await textOf(answer.content), changes: answer.changes } : answer;
  };

  test('has its addresses replaced where they stand, and not an octet else', async () => {
    const content = [
      'From: =?utf-8?q?Ann?= (of ann@host.internal)\n <ann@host.internal>',
      'Sender: "ann@host.internal" <ann@HOST.internal>',
      'Reply-To: team: ann@host.internal,bob@x.example.test ; eve@ann@host.internal, joann@host.internal, ann@host.internal.test',
      'To: ann@host.internal',
      '',
      'ann@host.internal',
      '',
    ].join('\n');
    expect(await rewritten(content)).toMatchObject({
      text: [
        'From: =?utf-8?q?Ann?= (of ann.smith@example.test)\n <ann.smith@example.test>',
        'Sender: "ann@host.internal" <ann.smith@example.test>',
        'Reply-To: team: ann.smith@example.test,bob@example.test ; eve@ann@host.internal, joann@host.internal, ann@host.internal.test',
        'To: ann@host.internal',
        '',
        'ann@host.internal',
        '',
      ].join('\n'),
    });
  });

  test('stays as it is where nothing is to be replaced', async () => {
    expect(await rewritten('From: eve@elsewhere.test\n\nx\n')).toBeUndefined();
  });

  test('stays as it is where a signature would break, unless the options say otherwise', async () => {
    const content =
      'DKIM-Signature: v=1; a=rsa-sha256; d=host.internal; s=s1; h=From; bh=x; b=x\nFrom: ann@host.internal\n\nx\n';
    expect(await rewritten(content)).toBeUndefined();
    expect(await rewritten(content, { signed: 'rewrite' })).toMatchObject({
      changes: [{ what: 'rewrote addresses of senders', breaks: ['DKIM host.internal (selector s1)'] }],
    });
  });

  test('is left alone where no field is named', async () => {
    const { instance } = await harness(senderRewriting, { ...options, headers: [] });
    expect(instance.data).toBeUndefined();
  });
});

describe('SRS', () => {
  test('a forwarded sender of others leaves as ours, and a bounce comes home', async () => {
    const plugin = await harness(senderRewriting, { srs: SRS });
    const { passedOn } = await plugin.deliverThrough({
      from: '<eve@sender.test>',
      to: FORWARDED,
      hosts: ['mx.elsewhere.test'],
    });
    const address = formatPath(passedOn?.mail.envelope.reversePath ?? null);
    expect(address).toMatch(/^<SRS0=[\w+/]{4}=\w\w=sender\.test=eve@example\.test>$/);
    expect(await plugin.rcpt(address, { from: '<>' })).toEqual({
      kind: 'expand',
      to: [{ to: { localPart: 'eve', domain: 'sender.test' }, via: 'SRS' }],
    });
  });

  test.each([
    { what: 'a notification', from: '<>', delivery: {} },
    { what: 'a sender of ours', from: '<bob@example.test>', delivery: {} },
    { what: 'a sender of another domain of ours', from: '<bob@example.org>', delivery: {} },
    {
      what: 'mail that is relayed and not forwarded',
      from: '<eve@sender.test>',
      delivery: { to: 'ann@elsewhere.test' },
    },
    { what: 'mail that stays here', from: '<eve@sender.test>', delivery: { hosts: [] } },
    { what: 'a sender too long for a path', from: `<eve@${'a.'.repeat(120)}test>`, delivery: {} },
  ])('$what keeps its reverse-path', async ({ from, delivery }) => {
    expect(await leaving({ srs: SRS }, from, { to: FORWARDED, ...delivery })).toBe(from);
  });

  test('SRS forgery: what we have not made is no mailbox', async () => {
    const { rcpt } = await harness(senderRewriting, { srs: SRS });
    expect(await rcpt('SRS0=abcd=AA=victim.test=ann@example.test')).toMatchObject({
      kind: 'reject',
      reply: { code: 550, status: '5.1.1', text: 'No such mailbox' },
      because: 'the hash of the rewritten sender is wrong',
    });
  });

  test.each(['SRS0=abcd=AA=victim.test=ann@other.test', 'srs@example.test', 'ann@example.test'])(
    '%s is somebody else’s business',
    async address => {
      const { rcpt } = await harness(senderRewriting, { srs: SRS });
      expect(await rcpt(address)).toBeUndefined();
    },
  );
});

describe('what does not boot', () => {
  test.each([
    { what: 'nothing to rewrite', options: {}, want: /^options: nothing is rewritten/ },
    { what: 'no secret', options: { srs: { ...SRS, secrets: [] } }, want: /^options\.srs\.secrets/ },
    {
      what: 'a canonical address that is none',
      options: { canonical: { map: { 'a@b.test': 'x y' } } },
      want: /"x y" is no address/,
    },
    { what: 'two of them', options: { canonical: { map: { 'a@b.test': ['x', 'y'] } } }, want: /name one/ },
    {
      what: 'a field that is none',
      options: { masquerade: { domains: ['x.test'] }, headers: ['From:'] },
      want: /^options\.headers\.0/,
    },
  ])('$what', async ({ options, want }) => {
    expect(await faultsIn(senderRewriting, options)).toEqual([expect.stringMatching(want)]);
  });
});
