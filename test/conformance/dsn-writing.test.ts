/** Our notifications, read back by three programs that nobody here wrote, and laid beside reports that others have made. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Recipient } from '../../core/mail/envelope.ts';
import { bouncedBy, type Delivered, deferredBy } from '../../core/mail/outcome.ts';
import { aMailbox, aRecipient } from '../../core/testing/builders.ts';
import { type Case, HERE, NO_USER, SILENT, theOnly } from '../core/queue/notified.ts';
import { BOUNCE_PARSER, bounceParser, SISIMAI, sisimai } from '../support/bounce-readers.ts';
import { corpus, describeWithCorpus } from '../support/corpus.ts';
import { describeWithPeer } from '../support/peers.ts';
import { describeWithPython, type PythonPart, pythonReads } from '../support/python-email.ts';
import { compared, tally } from '../support/tally.ts';

const REMOTE = 'mx.partner.example[192.0.2.10]:25';
const refused = (words: string, status: `5.${number}.${number}`) =>
  bouncedBy({ code: 550, status, text: 'refused' }, REMOTE, words);
const RELAYED: Delivered = { kind: 'delivered', disposition: 'relayed', remote: REMOTE, text: '250 2.0.0 Ok: queued' };
const LATE = bouncedBy({ code: 554, status: '5.4.7', text: 'Not delivered in time' }, REMOTE, '451 4.3.0 Try later');

const asking = (address: string, notify: Recipient['dsn']['notify']) =>
  aRecipient(address, { dsn: { notify, originalRecipient: null } });
const behindAlias = (address: string, notify: Recipient['dsn']['notify']) =>
  aRecipient(address, {
    original: aMailbox('staff@example.test'),
    via: ['staff (aliases:3)'],
    dsn: { notify, originalRecipient: { type: 'rfc822', address: 'Staff@example.test' } },
  });

interface Written extends Case {
  readonly name: string;
  /** Each as address, status and action. */
  readonly want: readonly string[];
}

const ALL: readonly ('success' | 'failure' | 'delay')[] = ['success', 'failure', 'delay'];
const LONG = `550 5.7.1 ${'Your message was refused, see https://policy.partner.example/refused/ for more. '.repeat(20)}`;

const FAILURES: readonly Written[] = [
  { name: 'one recipient', outcome: NO_USER, to: 'bob@partner.example', want: ['bob@partner.example 5.1.1 failed'] },
  {
    name: 'three, each in its own way',
    outcome: [NO_USER, refused('552 5.2.2 Mailbox full', '5.2.2'), LATE],
    to: ['a@partner.example', 'b@partner.example', 'c@partner.example'],
    want: ['a@partner.example 5.1.1 failed', 'b@partner.example 5.2.2 failed', 'c@partner.example 5.4.7 failed'],
  },
  { name: 'a long reply', outcome: refused(LONG, '5.7.1'), want: ['bob@example.test 5.7.1 failed'] },
  {
    name: 'a reply that would like to be a field',
    outcome: refused(
      '550-5.1.1 no\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\nFinal-Recipient: rfc822; eve@x',
      '5.1.1',
    ),
    want: ['bob@example.test 5.1.1 failed'],
  },
  {
    name: 'refused by us',
    outcome: bouncedBy({ code: 550, status: '5.7.1', text: 'Not permitted' }),
    want: ['bob@example.test 5.7.1 failed'],
  },
  {
    name: 'a mail from abroad',
    outcome: NO_USER,
    content: Buffer.from('Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nGr\u00fc\u00dfe\r\n'),
    want: ['bob@example.test 5.1.1 failed'],
  },
  {
    name: 'behind an alias',
    outcome: refused('550 5.1.1 <bob@hidden.example> unknown', '5.1.1'),
    to: [behindAlias('bob@hidden.example', ['failure']), behindAlias('eve@hidden.example', ['failure'])],
    want: ['staff@example.test 5.1.1 failed'],
  },
  {
    name: 'not those that have no failure, or do not want to hear of it',
    outcome: [NO_USER, HERE, NO_USER],
    to: [asking('a@x.example', null), asking('b@x.example', null), asking('c@x.example', 'never')],
    want: ['a@x.example 5.1.1 failed'],
  },
];

const OTHERS: readonly Written[] = [
  { name: 'a delay', outcome: SILENT, want: ['bob@example.test 4.4.1 delayed'] },
  {
    name: 'a delay with the words of the next hop',
    outcome: deferredBy({ code: 450, status: '4.2.1', text: 'Not now' }, REMOTE, '450 4.2.1 Greylisted'),
    want: ['bob@example.test 4.2.1 delayed'],
  },
  { name: 'a delivery', outcome: HERE, notify: ALL, want: ['bob@example.test 2.0.0 delivered'] },
  { name: 'a relay', outcome: RELAYED, notify: ALL, want: ['bob@example.test 2.0.0 relayed'] },
  {
    name: 'an expansion',
    outcome: RELAYED,
    to: [behindAlias('bob@hidden.example', ['success']), behindAlias('eve@hidden.example', 'never')],
    attempts: 0,
    want: ['staff@example.test 2.0.0 expanded'],
  },
];

const octetsOf = async (one: Case) => (await theOnly(one)).content.bytes();
const told = ({ recipient, status, action }: { recipient: string; status: string; action: string }) =>
  `${recipient} ${status} ${action}`;

/** The fields of a part, in their order. */
type Fields = readonly (readonly [name: string, value: string])[];

function statusBlocks(report: PythonPart): readonly Fields[] {
  const status = report.parts.find(({ type }) => type === 'message/delivery-status');
  return (status?.parts ?? []).map(({ headers }) => headers).filter(headers => headers.length > 0);
}

const readByPython = new Map<string, PythonPart>();

/** Starting Python takes longer than all the rest: each notification is read once. */
function asPythonReads(octets: Buffer): PythonPart {
  const key = octets.toString('latin1');
  const report = readByPython.get(key) ?? pythonReads(octets);
  readByPython.set(key, report);
  return report;
}

function python(octets: Buffer) {
  const report = asPythonReads(octets);
  expect(report).toMatchObject({
    type: 'multipart/report',
    parameters: { 'report-type': 'delivery-status' },
    defects: [],
  });
  return statusBlocks(report)
    .slice(1)
    .map(fields => {
      const value = (name: string) => new Map(fields).get(name) ?? '';
      const recipient = value('Final-Recipient').replace(/^rfc822; /, '');
      return { recipient, status: value('Status'), action: value('Action') };
    });
}

async function held(
  reader: string,
  cases: readonly Written[],
  read: (octets: Buffer) => Promise<readonly string[]>,
  reasons: Readonly<Record<string, string>> = {},
): Promise<void> {
  const verdicts = await Promise.all(
    cases.map(async ({ name, want, ...one }) => compared(name, await read(await octetsOf(one)), want)),
  );
  tally(`notifications as ${reader} reads them`, verdicts, reasons);
}

describe('the recipients and their status are read back', () => {
  describeWithPython("by Python's email", () => {
    test('of all kinds', () => held('Python', [...FAILURES, ...OTHERS], async octets => python(octets).map(told)));
  });

  describeWithPeer(SISIMAI, 'by Sisimai', () => {
    test('of all kinds', () =>
      held('Sisimai', [...FAILURES, ...OTHERS], async octets => (await sisimai(octets)).map(told)));

    test('with what was answered', async () => {
      const [one] = await sisimai(await octetsOf({ outcome: refused('550 5.1.1 Nobody of that name', '5.1.1') }));
      expect(one?.diagnostic).toBe('550 5.1.1 Nobody of that name');
    });
  });

  describeWithPeer(BOUNCE_PARSER, 'by BounceParser', () => {
    test('of failures', () => held('BounceParser', FAILURES, async octets => (await bounceParser(octets)).map(told)));

    test('and nothing else is taken for a failure', () =>
      held(
        'BounceParser, no failures',
        OTHERS.map(one => ({ ...one, want: [] })),
        async octets => (await bounceParser(octets)).map(told),
        {
          'an expansion':
            'it knows all actions of RFC 3464 but this one, and names it a report all the same: with status 2.0.0',
        },
      ));
  });
});

/** RFC 3464 sections 2.2 and 2.3: the order of the fields, and which must be there. */
const ORDER = {
  mail: ['Original-Envelope-Id', 'Reporting-MTA', 'DSN-Gateway', 'Received-From-MTA', 'Arrival-Date'],
  recipient: [
    'Original-Recipient',
    'Final-Recipient',
    'Action',
    'Status',
    'Remote-MTA',
    'Diagnostic-Code',
    'Last-Attempt-Date',
    'Final-Log-ID',
    'Will-Retry-Until',
  ],
} as const;

function inOrder(fields: Fields, order: readonly string[]): boolean {
  const places = fields.map(([name]) => order.indexOf(name)).filter(place => place !== -1);
  return places.every((place, at) => at === 0 || place > (places[at - 1] ?? -1));
}

const FULL: Case = {
  outcome: NO_USER,
  to: aRecipient('bob@partner.example', {
    dsn: { notify: null, originalRecipient: { type: 'rfc822', address: 'Bob@partner.example' } },
  }),
  parameters: { envelopeId: 'TEST-ENVID' },
};

describeWithPython('the fields', () => {
  test('are those of RFC 3464, in its order, each once', async () => {
    for (const one of [...FAILURES, ...OTHERS, { ...FULL, name: 'all', want: [] }]) {
      const [mail = [], ...recipients] = statusBlocks(asPythonReads(await octetsOf(one)));
      for (const block of [mail, ...recipients]) expect(new Set(block.map(([name]) => name)).size).toBe(block.length);
      expect(inOrder(mail, ORDER.mail), one.name).toBe(true);
      expect(mail.map(([name]) => name)).toContain('Reporting-MTA');
      for (const block of recipients) {
        expect(inOrder(block, ORDER.recipient), one.name).toBe(true);
        expect(block.map(([name]) => name)).toEqual(expect.arrayContaining(['Final-Recipient', 'Action', 'Status']));
      }
    }
  });

  describeWithCorpus('beside those of Postfix and of others', () => {
    const read = (...path: readonly string[]) => pythonReads(readFileSync(corpus('dsn', ...path)));
    const names = (blocks: readonly Fields[]) => blocks.map(block => block.map(([name]) => name));
    /** What has no meaning but for whoever wrote it. */
    const common = (block: readonly string[]) => block.filter(name => !name.startsWith('X-')).toSorted();

    test.for([
      'no-msgid-no-eoh-event-no-thread.ref',
      'no-msgid-no-eoh-event-with-thread.ref',
      'with-message-id-no-thread.ref',
    ])('%s: the same parts, the same header, and no field is missing', async name => {
      const theirs = read('postfix-bounce', name);
      const ours = asPythonReads(await octetsOf(FULL));
      expect(ours.parts.map(({ type }) => type)).toEqual(theirs.parts.map(({ type }) => type));
      const header = (part: PythonPart) => part.headers.map(([field]) => field);
      const missing = header(theirs).filter(field => !header(ours).includes(field));
      expect(missing.filter(field => field !== 'Content-Transfer-Encoding')).toEqual([]);
      const [their, our] = [names(statusBlocks(theirs)), names(statusBlocks(ours))];
      expect(our).toHaveLength(their.length);
      their.forEach((block, at) => {
        expect(common(our[at] ?? [])).toEqual(expect.arrayContaining(common(block)));
      });
      expect(new Map(ours.headers).get('Auto-Submitted')).toBe(new Map(theirs.headers).get('Auto-Submitted'));
    });

    test.for(['3.eml', '4.eml', '5.eml', '6.eml'])('kumomta-rfc3464/%s: no field but what is its own', async name => {
      const known = new Set<string>([...ORDER.mail, ...ORDER.recipient]);
      const theirs = names(statusBlocks(read('kumomta-rfc3464', 'rfc3464', name))).flat();
      expect(theirs.length).toBeGreaterThan(0);
      const ours = names(statusBlocks(asPythonReads(await octetsOf(FULL)))).flat();
      const used = [...new Set(theirs)].filter(field => known.has(field));
      // What we have no occasion for, or say of a delay alone.
      const spared = new Set(['Final-Log-ID', 'Will-Retry-Until', 'DSN-Gateway']);
      expect(used.filter(field => !ours.includes(field) && !spared.has(field))).toEqual([]);
    });
  });
});

/** Kept from the sender by whatever reads it: nothing of what is behind the alias stands anywhere in the octets. */
test.for([...FAILURES, ...OTHERS].filter(({ want }) => want[0]?.startsWith('staff@') === true))(
  '$name: nothing tells where the alias leads',
  async one => {
    expect((await octetsOf(one)).toString('latin1')).not.toMatch(/hidden|partner|192\.0\.2\.10|aliases/);
  },
);
