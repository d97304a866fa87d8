/** Mail for a list leaves with the reverse-path of whoever looks after the list; all else keeps its own. */
import { expect, test } from 'vitest';
import type { ContentGroup } from '../../../core/chain/decision.ts';
import { contentOf } from '../../../core/mail/content.ts';
import { NO_DSN_REQUEST } from '../../../core/mail/envelope.ts';
import { formatMailbox, formatPath } from '../../../core/mail/path.ts';
import { byOwner } from '../../../core/smtp/by-owner.ts';
import { aMailbox, anEnvelope, aRecipient } from '../../../core/testing/builders.ts';

const OWNER = aMailbox('owner-staff@example.test');
const DSN = {
  notify: ['success', 'failure'],
  originalRecipient: { type: 'rfc822', address: 'staff@example.test' },
} as const;
const STAFF = { original: aMailbox('staff@example.test'), via: ['staff (aliases:1)'], dsn: DSN };
const ann = aRecipient('ann@elsewhere.test', { ...STAFF, owner: OWNER });
const bob = aRecipient('bob@example.test', { dsn: DSN });

function parted(from: string, fate: ContentGroup['fate'] = { kind: 'deliver' }) {
  const envelope = anEnvelope(from, [ann, bob], { envelopeId: 'id', returnContent: 'full', priority: 3 });
  return byOwner({ recipients: envelope.recipients, content: contentOf('x'), facts: {}, fate, steps: [] }, envelope);
}

test('a list with an owner is a mail of its own, in which nothing of the sender’s wishes is left', () => {
  const [list, rest] = parted('<eve@client.test>');
  expect(formatPath(list?.envelope.reversePath ?? null)).toBe('<owner-staff@example.test>');
  expect(list?.envelope.parameters).toMatchObject({ envelopeId: null, returnContent: null, priority: 3 });
  expect(list?.envelope.recipients).toEqual([
    { forwardPath: ann.forwardPath, original: ann.forwardPath, via: STAFF.via, dsn: NO_DSN_REQUEST },
  ]);
  expect(formatPath(rest?.envelope.reversePath ?? null)).toBe('<eve@client.test>');
  expect(rest?.envelope.parameters).toMatchObject({ envelopeId: 'id', returnContent: 'full' });
  expect(rest?.envelope.recipients).toEqual([bob]);
});

test.each([
  { what: 'a notification, of which nobody hears', from: '<>', fate: { kind: 'deliver' } as const },
  {
    what: 'what is refused late, of which the sender hears',
    from: '<eve@client.test>',
    fate: { kind: 'bounce', reply: { code: 550, status: '5.7.1', text: 'No' } } as const,
  },
])('$what, keeps its reverse-path', ({ from, fate }) => {
  const parts = parted(from, fate);
  expect(parts.map(({ envelope }) => formatPath(envelope.reversePath))).toEqual([from]);
  const recipients = parts[0]?.envelope.recipients ?? [];
  expect(recipients.map(one => formatMailbox(one.forwardPath))).toEqual(['ann@elsewhere.test', 'bob@example.test']);
  expect(recipients.some(one => 'owner' in one)).toBe(false);
});
