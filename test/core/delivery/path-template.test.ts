/** Path templates: what they may say, and where a mailbox lies by them. */
import { describe, expect, test } from 'vitest';
import { mailboxPath, templateComplaint } from '../../../core/delivery/path-template.ts';

describe('templateComplaint', () => {
  test.each(['{local}', '{domain}/{local}', '{domain}/{local}/inbox', 'mail-{local}.mbox', 'all/{domain}_{local}'])(
    '%s is a template',
    template => {
      expect(templateComplaint(template)).toBeNull();
    },
  );

  test.each([
    { template: 'inbox', want: 'must contain {local}' },
    { template: '{domain}', want: 'must contain {local}' },
    { template: '/var/{local}', want: 'must be relative' },
    { template: '{domain}//{local}', want: 'must be relative' },
    { template: '{local}/', want: 'must be relative' },
    { template: '{name}/{local}', want: 'knows {local}, {user}, {domain} and {detail} only' },
    { template: '../{local}', want: 'may hold letters' },
    { template: './{local}', want: 'may hold letters' },
    { template: '.mail/{local}', want: 'may hold letters' },
    { template: 'a b/{local}', want: 'may hold letters' },
    { template: '{local}.lock', want: 'must not contain .lock' },
  ])('$template is refused: $want', ({ template, want }) => {
    expect(templateComplaint(template)).toContain(want);
  });
});

describe('mailboxPath', () => {
  test.each([
    { template: '{local}', localPart: 'Ann', domain: 'example.test', want: 'ann' },
    { template: '{domain}/{local}', localPart: 'ann', domain: 'example.test', want: 'example.test/ann' },
    { template: '{domain}/{local}', localPart: '../x', domain: '[IPv6:::1]', want: '%5Bipv6%3A%3A%3A1%5D/%2E.%2Fx' },
    { template: '{local}', localPart: '{domain}', domain: 'example.test', want: '%7Bdomain%7D' },
    { template: '{local}', localPart: '$&', domain: 'example.test', want: '%24%26' },
    { template: '{local}', localPart: '', domain: 'example.test', want: null },
  ])('$localPart@$domain by $template is $want', ({ template, localPart, domain, want }) => {
    expect(mailboxPath(template, { localPart, domain })).toBe(want);
  });

  test('of a subaddress is that of its user, where the template says {user}', () => {
    const of = (localPart: string) => mailboxPath('{domain}/{user}', { localPart, domain: 'example.test' }, '+-');
    expect(of('ann+lists')).toBe('example.test/ann');
    expect(of('Ann-lists+x')).toBe('example.test/ann');
    expect(of('+ann')).toBe('example.test/+ann');
  });
});
