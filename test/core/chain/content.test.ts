/** The hooks `data` and `queue`: the fold, groups of recipients, and the one decision of a transaction. */
import { describe, expect, test } from 'vitest';
import type { ContentGroup } from '../../../core/chain/decision.ts';
import {
  type Condition,
  contentOf,
  defer,
  discard,
  hold,
  type Mail,
  note,
  reject,
  rewrite,
} from '../../../core/index.ts';
import { chainOf, link } from './chain-of.ts';
import { mail, recipient, session } from './subjects.ts';

const to = (domain: string): Condition => ({
  kind: 'recipient',
  patterns: [{ kind: 'domain', domain, subdomains: false }],
});

/** A plugin that puts a line above the content. */
const stamp = (line: string) => ({
  data: async ({ mail: { content } }: { mail: Mail }) =>
    rewrite(contentOf(`${line}: x\r\n${(await content.bytes()).toString()}`), [{ what: `added ${line}`, breaks: [] }]),
});

async function shown(groups: readonly ContentGroup[]) {
  return Promise.all(
    groups.map(async group => ({
      to: group.recipients.map(one => one.forwardPath.localPart).join(),
      fate: group.fate.kind,
      first: (await group.content.bytes()).toString().split(':')[0],
    })),
  );
}

async function taken(decision: Awaited<ReturnType<ReturnType<typeof chainOf>['chain']['content']>>['decision']) {
  if (decision.kind !== 'taken') throw new Error(`refused: ${decision.because}`);
  return shown(decision.groups);
}

describe('the fold', () => {
  test('a rewrite is the next plugin’s subject, and its changes are in the trace', async () => {
    const { chain } = chainOf([link('a', stamp('A')), link('b', stamp('B'))]);
    const { decision, steps } = await chain.content(mail(['x@one.test']), 'refuse');
    if (decision.kind !== 'taken') throw new Error('refused');
    expect((await decision.groups[0]?.content.bytes())?.toString()).toMatch(/^B: x\r\nA: x\r\nSubject/);
    expect(steps.map(step => step.changes[0]?.what)).toEqual(['added A', 'added B']);
  });

  test('a verdict ends it', async () => {
    let asked = false;
    const { chain } = chainOf([
      link('gate', { data: () => reject(550, '5.7.1', 'No') }),
      link('after', { data: () => void (asked = true) }),
    ]);
    expect((await chain.content(mail(['x@one.test']), 'refuse')).decision).toMatchObject({
      kind: 'refused',
      by: 'gate',
    });
    expect(asked).toBe(false);
  });

  test('a refusal wins over an earlier hold', async () => {
    const { chain } = chainOf([
      link('holds', { data: () => hold('look at it') }),
      link('refuses', { queue: () => reject(550, '5.7.1', 'No') }),
    ]);
    expect((await chain.content(mail(['x@one.test']), 'refuse')).decision.kind).toBe('refused');
  });

  test('a hold and a discard are fates of a taken mail', async () => {
    const held = chainOf([link('holds', { data: () => hold('look at it') })]).chain;
    expect(await taken((await held.content(mail(['x@one.test']), 'refuse')).decision)).toMatchObject([
      { fate: 'hold' },
    ]);
    const gone = chainOf([link('drops', { queue: () => discard('trap') })]).chain;
    expect(await taken((await gone.content(mail(['x@one.test']), 'refuse')).decision)).toMatchObject([
      { fate: 'discard' },
    ]);
  });

  test('a crashed plugin defers the whole', async () => {
    const { chain } = chainOf([link('broken', { data: () => Promise.reject(new Error('x')) })]);
    expect((await chain.content(mail(['x@one.test']), 'notify')).decision).toMatchObject({ reply: { code: 451 } });
  });

  test('a shadow rewrite changes nothing', async () => {
    const { chain } = chainOf([link('trial', stamp('A'), { mode: 'shadow' })]);
    expect(await taken((await chain.content(mail(['x@one.test']), 'refuse')).decision)).toMatchObject([
      { first: 'Subject' },
    ]);
  });

  test('a condition on the header is asked of the content as it is by then', async () => {
    const { chain } = chainOf([
      link('tags', stamp('X-Tagged')),
      link(
        'sees',
        { data: () => hold('tagged') },
        { when: { kind: 'header', field: 'X-Tagged', patterns: [{ kind: 'present' }] } },
      ),
    ]);
    expect(await taken((await chain.content(mail(['x@one.test']), 'refuse')).decision)).toMatchObject([
      { fate: 'hold' },
    ]);
  });
});

describe('groups of recipients', () => {
  const both = ['x@one.test', 'y@two.test', 'z@one.test'];

  test('a condition on recipients splits the mail, and each group has its own content', async () => {
    const { chain } = chainOf([link('ones', stamp('One'), { when: to('one.test') }), link('all', stamp('All'))]);
    const { decision } = await chain.content(mail(both), 'refuse');
    expect(await taken(decision)).toEqual([
      { to: 'x,z', fate: 'deliver', first: 'All' },
      { to: 'y', fate: 'deliver', first: 'All' },
    ]);
    if (decision.kind !== 'taken') throw new Error('refused');
    const texts = await Promise.all(decision.groups.map(async group => (await group.content.bytes()).toString()));
    expect(texts.map(text => text.includes('One: x'))).toEqual([true, false]);
  });

  test('groups that end alike are one again', async () => {
    const { chain } = chainOf([link('looks', { data: () => undefined }, { when: to('one.test') })]);
    expect(await taken((await chain.content(mail(both), 'refuse')).decision)).toHaveLength(1);
  });

  test('a plugin sees only the recipients of its group', async () => {
    const seen: string[][] = [];
    const { chain } = chainOf([
      link(
        'looks',
        { data: ({ mail: asked }) => void seen.push(asked.envelope.recipients.map(one => one.forwardPath.localPart)) },
        { when: to('one.test') },
      ),
    ]);
    await chain.content(mail(both), 'refuse');
    expect(seen).toEqual([['x', 'z']]);
  });

  test('facts of one group stay in it', async () => {
    const { chain } = chainOf([link('notes', { data: () => note({ seen: 'yes' }) }, { when: to('two.test') })]);
    const { decision } = await chain.content(mail(both), 'refuse');
    if (decision.kind !== 'taken') throw new Error('refused');
    expect(decision.groups.map(group => group.facts)).toEqual([{ seen: 'yes' }, {}]);
  });

  test('a rejection of one group rejects the whole for a stranger: no backscatter', async () => {
    const { chain } = chainOf([link('gate', { data: () => reject(550, '5.7.1', 'No') }, { when: to('two.test') })]);
    expect((await chain.content(mail(both), 'refuse')).decision).toMatchObject({
      kind: 'refused',
      reply: { text: 'No' },
    });
  });

  test('a rejection of one group is a notification for one who can be told', async () => {
    const { chain } = chainOf([link('gate', { data: () => reject(550, '5.7.1', 'No') }, { when: to('two.test') })]);
    expect(await taken((await chain.content(mail(both), 'notify')).decision)).toMatchObject([
      { to: 'y', fate: 'bounce' },
      { to: 'x,z', fate: 'deliver' },
    ]);
  });

  test('a deferral of one group defers the whole, so that nobody gets it twice', async () => {
    const { chain } = chainOf([link('gate', { data: () => defer(451, '4.7.1', 'Later') }, { when: to('two.test') })]);
    expect((await chain.content(mail(both), 'notify')).decision).toMatchObject({
      kind: 'refused',
      reply: { code: 451 },
    });
  });

  test('recipients that the same plugins will see have one key, others another', () => {
    const { chain } = chainOf([
      link('ones', { data: () => undefined }, { when: to('one.test') }),
      link('trial', { data: () => undefined }, { when: to('three.test'), mode: 'shadow' }),
    ]);
    const key = (...texts: readonly string[]) => chain.groupOf(session, null, texts.map(recipient));
    expect(key('x@one.test')).toBe(key('z@one.test'));
    expect(key('x@one.test')).not.toBe(key('y@two.test'));
    expect(key('y@two.test')).toBe(key('w@three.test'));
    expect(key('x@one.test', 'y@two.test')).not.toBe(key('x@one.test'));
  });
});
