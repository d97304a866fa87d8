import { contentOf } from 'mailframe';
import {
  aDelivery,
  aHost,
  aMail,
  aMailbox,
  anEnvelope,
  aRecipient,
  aReversePath,
  aSession,
  byAddress,
  textOf,
} from 'mailframe/testing';
import { describe, expect, test } from 'vitest';

const ann = { localPart: 'ann', domain: 'example.test' };
const bob = { localPart: 'bob', domain: 'example.test' };

describe('paths out of text', () => {
  test('with brackets or without', () => {
    expect(aMailbox('<ann@example.test>')).toEqual(ann);
    expect(aMailbox('ann@Example.Test')).toEqual(ann);
    expect(aReversePath('<>')).toBeNull();
    expect(aReversePath('ann@example.test')).toEqual(ann);
  });

  test.each(['ann', 'ann@', '@example.test', 'a b@example.test'])('%j is an error and not a mailbox', text => {
    expect(() => aMailbox(text)).toThrow(RangeError);
  });

  test('hosts as the configuration writes them', () => {
    expect(aHost('[192.0.2.1]:2525')).toMatchObject({ addresses: ['192.0.2.1'], port: 2525 });
    expect(() => aHost('192.0.2.1')).toThrow('brackets');
  });
});

describe('mails', () => {
  test('are from ann to bob where nothing is said', async () => {
    const mail = aMail();
    expect(mail.envelope.reversePath).toEqual(ann);
    expect(mail.envelope.recipients).toEqual([{ ...aRecipient('bob@example.test'), original: bob, via: [] }]);
    expect((await mail.content.bytes()).toString()).toMatch(/^From: .*\r\n\r\nHello, Bob\.\r\n$/s);
  });

  test('are as the test says', async () => {
    const mail = aMail({
      from: '<>',
      to: ['bob@example.test', aRecipient('ann@example.test', { via: ['staff'] })],
      content: 'Subject: x\n\ny\r\n',
      facts: { pgp: 'good' },
      session: { user: 'ann' },
      parameters: { smtpUtf8: true },
    });
    expect(mail.envelope.reversePath).toBeNull();
    expect(mail.envelope.recipients.map(({ via }) => via)).toEqual([[], ['staff']]);
    expect(mail.envelope.parameters).toMatchObject({ smtpUtf8: true, body: '7bit' });
    expect((await mail.content.bytes()).toString()).toBe('Subject: x\r\n\r\ny\r\n');
    expect(await textOf(mail.content)).toBe('Subject: x\n\ny\n');
    expect(mail.session).toEqual(aSession({ user: 'ann' }));
  });

  test('keep octets and content as they are', async () => {
    const bare = Buffer.from('bare\nline');
    expect(await aMail({ content: bare }).content.bytes()).toEqual(bare);
    const content = contentOf(bare);
    expect(aMail({ content }).content).toBe(content);
  });
});

test('an envelope has its recipients in order', () => {
  const { recipients } = anEnvelope('<ann@example.test>', ['bob@example.test', 'ann@example.test']);
  expect(recipients.map(({ forwardPath }) => forwardPath)).toEqual([bob, ann]);
});

test('a delivery is the first attempt for all recipients, to the hosts named', () => {
  const delivery = aDelivery({ to: ['bob@example.test', 'eve@example.test'], hosts: ['mx.example.test'] });
  expect(delivery.recipients).toBe(delivery.mail.envelope.recipients);
  expect(delivery).toMatchObject({ attempt: 1, hosts: [{ name: 'mx.example.test', port: 25 }] });
});

test('values by recipient can be looked up by address', () => {
  expect(byAddress(new Map([[aRecipient('bob@example.test'), 1]]))).toEqual({ 'bob@example.test': 1 });
});
