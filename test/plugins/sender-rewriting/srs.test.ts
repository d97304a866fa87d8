/** The Sender Rewriting Scheme: its format, the way back, and that nothing else leads back. */
import { describe, expect, test } from 'vitest';
import { formatMailbox } from '../../../core/index.ts';
import { aMailbox } from '../../../core/testing.ts';
import { isRewritten, reversed, rewritten, type SrsRules } from '../../../plugins/sender-rewriting/srs.ts';
import * as fc from '../../support/fast-check.ts';

const RULES: SrsRules = {
  domain: 'forward.test',
  secrets: ['a secret of ours'],
  separator: '=',
  hashLength: 4,
  maxAge: 21,
};
const NOW = new Date('2030-01-01T12:00:00Z');
const DAY = 24 * 60 * 60 * 1000;
const later = (days: number) => new Date(NOW.getTime() + days * DAY);

const there = (sender: string, rules: Partial<SrsRules> = {}, now = NOW) =>
  formatMailbox(rewritten(aMailbox(sender), now, { ...RULES, ...rules }));
const back = (address: string, rules: Partial<SrsRules> = {}, now = NOW) => {
  const found = reversed(aMailbox(address), now, { ...RULES, ...rules });
  return found.kind === 'sender' ? formatMailbox(found.mailbox) : found.because;
};

describe('format', () => {
  // Day 21915 is 21 * 1024 + 411, and 411 is 12 * 32 + 27.
  test('the hash, the day, the domain and the name', () => {
    expect(there('ann@sender.test')).toMatch(/^SRS0=[\w+/]{4}=M3=sender\.test=ann@forward\.test$/);
  });

  test('a sender that others have rewritten names the first of them', () => {
    expect(there('SRS0=abcd=M3=sender.test=ann@first.test')).toMatch(
      /^SRS1=[\w+/]{4}=first\.test==abcd=M3=sender\.test=ann@forward\.test$/,
    );
    expect(there('SRS0+abcd=M3=sender.test=ann@first.test')).toMatch(
      /^SRS1=[\w+/]{4}=first\.test=\+abcd=M3=sender\.test=ann@/,
    );
  });

  test('however many there were: the second and the third are left out', () => {
    expect(there('SRS1=wxyz=first.test==abcd=M3=sender.test=ann@second.test')).toMatch(
      /^SRS1=[\w+/]{4}=first\.test==abcd=M3=sender\.test=ann@forward\.test$/,
    );
  });

  test('the separator is what the rules say, and each is understood', () => {
    for (const separator of ['=', '+', '-'] as const) {
      const address = there('ann@sender.test', { separator });
      expect(address).toMatch(new RegExp(`^SRS0\\${separator}`));
      expect(back(address)).toBe('ann@sender.test');
    }
  });

  test.each([
    'ann=bob@sender.test',
    '"ann smith"@sender.test',
    'ann+x@sender.test',
    'srs@sender.test',
    'SRS1=x@sender.test',
  ])('%s comes back', sender => {
    expect(back(there(sender))).toBe(sender);
  });

  test('any sender comes back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9=+._-]{1,30}$/), localPart => {
        const sender = { localPart, domain: 'sender.test' };
        const found = reversed(rewritten(sender, NOW, RULES), NOW, RULES);
        if (!isRewritten(sender)) expect(found).toEqual({ kind: 'sender', mailbox: sender });
      }),
    );
  });

  test('a bounce of what was rewritten twice goes to the first forwarder', () => {
    const first = there('ann@sender.test', { domain: 'first.test', secrets: ['theirs'] });
    expect(back(there(first))).toBe(first);
  });

  test('an address whose case was folded on the way still comes back', () => {
    expect(back(there('ann@sender.test').toLowerCase())).toBe('ann@sender.test');
  });

  test('an old secret is believed, and signs nothing', () => {
    const address = there('ann@sender.test', { secrets: ['old'] });
    expect(back(address, { secrets: ['new', 'old'] })).toBe('ann@sender.test');
    expect(there('ann@sender.test', { secrets: ['new', 'old'] })).toBe(there('ann@sender.test', { secrets: ['new'] }));
  });
});

describe('SRS forgery', () => {
  const WRONG = 'the hash of the rewritten sender is wrong';
  const made = there('ann@sender.test');
  const [, hash = '', day = ''] = made.split('=');

  test.each([
    { what: 'another name', address: made.replace('=ann@', '=bob@') },
    { what: 'another domain', address: made.replace('sender.test', 'victim.test') },
    { what: 'another day', address: made.replace(`=${day}=`, '=M4=') },
    { what: 'no hash', address: made.replace(`=${hash}=`, '==') },
    { what: 'a shorter hash', address: made.replace(hash, hash.slice(0, 3)) },
    { what: 'a longer hash', address: made.replace(hash, `${hash}A`) },
    { what: 'nothing but the tag', address: 'SRS0=@forward.test' },
    { what: 'a wrapped address without a hash', address: 'SRS1=first.test==abcd=M3=sender.test=ann@forward.test' },
    {
      what: 'a wrapped address for somebody else',
      address: there('SRS0=abcd=M3=sender.test=ann@first.test').replace('first.test', 'victim.test'),
    },
  ])('$what leads nowhere', ({ address }) => {
    expect(back(address)).toBe(WRONG);
  });

  test('the scheme signs domain and name as one text: where it is cut may change, what it says may not', () => {
    expect(back(made.replace('sender.test=ann', 'sender.tes=tann'))).toBe('tann@sender.tes');
    expect(back(made.replace(`${day}=sender`, `${day}s=ender`))).toBe('the rewritten sender is too old');
  });

  test('another secret leads nowhere', () => {
    expect(back(made, { secrets: ['another'] })).toBe(WRONG);
  });

  test('a day that is over leads nowhere, and neither does one that has not come', () => {
    expect(back(made, {}, later(21))).toBe('ann@sender.test');
    expect(back(made, {}, later(22))).toBe('the rewritten sender is too old');
    expect(back(made, {}, later(-1))).toBe('the rewritten sender is too old');
    expect(back(made, {}, later(1024 - 1))).toBe('the rewritten sender is too old');
  });

  test('what is signed and is no address leads nowhere', () => {
    const address = formatMailbox(rewritten({ localPart: 'ann', domain: 'no..domain' }, NOW, RULES));
    expect(back(address)).toBe('the rewritten sender is no address');
  });
});
