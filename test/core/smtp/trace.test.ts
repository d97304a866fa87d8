import { describe, expect, test } from 'vitest';
import type { Happenings } from '../../../core/plugin/observer.ts';
import { link } from '../chain/chain-of.ts';
import { gateway } from './gateway.ts';
import { mounted } from './plugins.ts';

type Told = { readonly [E in keyof Happenings]: readonly [E, Happenings[E]] }[keyof Happenings];

/** A plugin that writes down what it is told. */
function witness() {
  const told: Told[] = [];
  const observe = {
    accepted: (it: Happenings['accepted']) => void told.push(['accepted', it]),
    refused: (it: Happenings['refused']) => void told.push(['refused', it]),
    held: (it: Happenings['held']) => void told.push(['held', it]),
    discarded: (it: Happenings['discarded']) => void told.push(['discarded', it]),
  };
  return { told, link: link('witness', { observe }) };
}

async function send(its: Awaited<ReturnType<typeof gateway>>, text: string, ...before: readonly string[]) {
  const client = await its.greeted();
  await client.command('EHLO client.test');
  for (const line of before) await client.command(line);
  await client.command('MAIL FROM:<ann@client.test>');
  await client.command('RCPT TO:<nobody@example.test>');
  await client.command('RCPT TO:<bob@example.test>');
  await client.command('DATA');
  return client.command(`${text}\r\n.`);
}

const NAMES = ['notes-everything', 'our-domains', 'no-such-mailbox'];

test('an accepted mail keeps every step from the connection on, in order, and what was found out', async () => {
  const { told, link: witnessing } = witness();
  const its = await gateway({ links: [...mounted(...NAMES, 'refuses-viruses'), witnessing] });
  await send(its, 'Subject: hello\r\n');
  const committed = its.committed[0]?.[0];
  expect(committed?.trace.map(({ hook, plugin, answer }) => `${hook} ${plugin} ${answer}`)).toEqual([
    'connect notes-everything note',
    'helo notes-everything note',
    'mail notes-everything note',
    'rcpt our-domains accept',
    'rcpt no-such-mailbox reject',
    'rcpt our-domains accept',
    'rcpt no-such-mailbox silent',
    'data refuses-viruses silent',
  ]);
  expect(committed?.mail.facts).toEqual({ connected: true, helo: 'client.test', mailed: true });
  expect(told.filter(([event]) => event === 'accepted')).toEqual([
    ['accepted', { mail: committed?.mail, trace: committed?.trace }],
  ]);
});

test('a greeting that is repeated counts once', async () => {
  const its = await gateway({ links: mounted(...NAMES) });
  await send(its, '', ...Array.from({ length: 20 }, (_, index) => `EHLO client${index}.test`));
  const committed = its.committed[0]?.[0];
  expect(committed?.trace.filter(({ hook }) => hook === 'helo').map(({ asked }) => asked)).toEqual([
    'EHLO client19.test',
  ]);
  expect(committed?.mail.facts.helo).toBe('client19.test');
});

describe('a refusal is logged and told with its hook, its plugin and its cause, and the client hears none of it', () => {
  test.for([
    { names: ['no-bad-clients'], want: { hook: 'connect', by: 'no-bad-clients', because: 'listed' } },
    { names: [...NAMES, 'refuses-viruses'], want: { hook: 'data', by: 'refuses-viruses', because: 'Eicar' } },
    { names: [...NAMES, 'vetoes-viruses'], want: { hook: 'queue', by: 'vetoes-viruses', because: 'Eicar' } },
    {
      names: NAMES,
      want: { hook: 'rcpt', by: 'no-such-mailbox', because: 'not in the table', recipient: 'nobody@example.test' },
    },
    { names: [], want: { hook: 'rcpt', by: 'mailframe', because: 'no plugin claims this recipient' } },
  ])('$want.by at $want.hook', async ({ names, want }) => {
    const { told, link: witnessing } = witness();
    const its = await gateway({ links: [...mounted(...names), witnessing] });
    const said = await send(its, 'A VIRUS.');
    expect(said).not.toContain(want.because);
    expect(its.log.of('refused').map(({ fields }) => fields)).toContainEqual(expect.objectContaining(want));
    const refusal = told.flatMap(([event, it]) => (event === 'refused' && it.hook === want.hook ? [it] : []))[0];
    expect(refusal).toMatchObject({ by: want.by, because: want.because });
    expect(refusal?.trace.at(-1)).toMatchObject({ hook: want.hook, plugin: want.by, answer: 'reject' });
  });
});

test('held and discarded mails are told as such', async () => {
  const { told, link: witnessing } = witness();
  const its = await gateway({ links: [...mounted('our-domains', 'holds-suspects', 'bins-junk'), witnessing] });
  await send(its, 'A SUSPECT.');
  await send(its, 'JUNK.');
  expect(told.map(([event]) => event)).toEqual(['accepted', 'held', 'discarded']);
  expect(its.committed.flat().map(({ fate }) => fate)).toEqual([
    { kind: 'hold', by: 'holds-suspects', reason: 'looks odd' },
  ]);
  expect(its.log.of('discarded')[0]?.fields).toMatchObject({ queueId: 'Q2', by: 'bins-junk', reason: 'junk' });
});

test('eavesdropping: a password is in no log and no trace, right or wrong', async () => {
  const { told, link: witnessing } = witness();
  const options = { auth: 'optional', allowPlaintextAuth: true } as const;
  const its = await gateway({ options, links: [...mounted('ann-may-log-in', 'our-domains'), witnessing] });
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  await send(
    its,
    '',
    `AUTH PLAIN ${base64('\0ann\0wrong secret')}`,
    'AUTH LOGIN',
    base64('ann'),
    base64('wrong secret'),
    `AUTH PLAIN ${base64('\0ann\0correct horse')}`,
  );
  expect(its.committed[0]?.[0]?.mail.session.user).toBe('ann');
  expect(its.log.of('authenticated')).toHaveLength(1);
  const everything = `${its.log.text()} ${JSON.stringify([told, its.committed])}`;
  for (const secret of ['secret', 'correct', 'horse', base64('\0ann\0correct horse'), base64('wrong secret')]) {
    expect(everything).not.toContain(secret);
  }
});
